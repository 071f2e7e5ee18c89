// Folders with the package installed in them, whole or not.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './node.mjs';
import { PACKAGE, workspace } from './places.mjs';

const FILES = ['index.js', 'native.js', 'native-failure.js', 'lib', 'package.json'];

export const PLATFORM = `${process.platform}-${process.arch}`;
export const BUILT = path.join(PACKAGE, 'npm', PLATFORM);
/** The addon, as every platform's package names it. */
export const ADDON = 'codex.node';

/** A `node_modules` with the package in it, and without a platform's; `parent` is where it lies. */
export function installation(parent = workspace()) {
  const modules = path.join(parent, 'node_modules');
  const root = path.join(modules, '@openai', 'codex');
  for (const entry of FILES) cpSync(path.join(PACKAGE, entry), path.join(root, entry), { recursive: true });
  return { modules, root };
}

/** Adds the package of a platform to it, with the files of this machine's build or others. */
export function addPlatform({ modules }, platform = PLATFORM, files = {}, manifest = {}) {
  const folder = path.join(modules, '@openai', `codex-${platform}`);
  mkdirSync(folder, { recursive: true });
  const known = JSON.parse(readFileSync(path.join(PACKAGE, 'npm', platform, 'package.json'), 'utf8'));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ ...known, ...manifest }));
  if (platform === PLATFORM) cpSync(BUILT, folder, { recursive: true, filter: (file) => !file.endsWith('package.json') });
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  return folder;
}

/**
 * Loads the package as a program beside `node_modules` does. `before` runs first; what comes back is the error's message,
 * or what `look` of the package is, as `loaded`.
 */
export async function load({ root }, { before = '', flags = [], look = 'typeof codex.exec' } = {}) {
  const source = `${before}
    try { const codex = require(${JSON.stringify(root)}); console.log(JSON.stringify({ loaded: ${look} })); }
    catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message, cause: error.cause?.message, causeCode: error.cause?.code })); }`;
  const result = await run([process.execPath, ...flags, '-e', source]);
  if (result.exitCode !== 0) throw new Error(`it ended with ${result.exitCode ?? result.signal}: ${result.stderr}`);
  return JSON.parse(result.stdout);
}
