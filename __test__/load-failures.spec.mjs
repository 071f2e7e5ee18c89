// Where the addon can't be loaded, the error says why and what to do; and it is found where packers and managers put it.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { buildSync } from 'esbuild';
import { ADDON, PLATFORM, addPlatform, installation, load } from './support/installation.mjs';
import { workspace } from './support/places.mjs';

const LOADED = { loaded: 'function' };
/** Lets a script believe that it runs on another platform. */
const on = (platform, arch = 'x64') => `
  Object.defineProperty(process, 'platform', { value: '${platform}' });
  Object.defineProperty(process, 'arch', { value: '${arch}' });`;

test('installed', async () => {
  const place = installation();
  addPlatform(place);
  assert.deepEqual(await load(place), LOADED);
});

test('in a folder whose name would have to be encoded in an address', async () => {
  const place = installation(path.join(workspace(), "a b%41 ü'(x)#?"));
  addPlatform(place);
  assert.deepEqual(await load(place), LOADED);
});

test('without its platform package', async () => {
  const error = await load(installation());
  assert.equal(error.code, 'ERR_CODEX_ADDON');
  assert.equal(error.causeCode, 'MODULE_NOT_FOUND');
  assert.match(error.message, new RegExp(`@openai/codex-${PLATFORM} is not installed; install again without --omit=optional`));
});

test('with the package of another platform', async () => {
  const place = installation();
  addPlatform(place, 'darwin-arm64');
  const { message } = await load(place);
  assert.ok(message.includes(`package for ${PLATFORM} (@openai/codex-${PLATFORM}) is not installed, but the one for darwin-arm64 is`), message);
  assert.match(message, /install again on the machine/);
});

test('for a Node that Rosetta runs', async () => {
  const place = installation();
  addPlatform(place, 'darwin-arm64');
  const before = `${on('darwin')} require('node:os').cpus = () => [{ model: 'Apple M1' }];`;
  assert.match((await load(place, { before })).message, /Node for Intel, which Rosetta runs on this Apple silicon/);
});

test('on a platform without a build', async () => {
  const error = await load(installation(), { before: on('sunos') });
  assert.equal(error.code, 'ERR_CODEX_ADDON');
  assert.match(error.message, /there is no build for sunos-x64; it runs on .*linux-x64/);
});

test('of another version than the package', async () => {
  const place = installation();
  const folder = addPlatform(place, PLATFORM, {}, { version: '0.0.1' });
  const { message } = await load(place);
  assert.match(message, /is version 0\.0\.1, but this is version/);
  assert.ok(message.includes(folder), message);
});

/** A bundle of a program that loads the package. */
function bundle(options) {
  const { modules, root } = installation();
  const entry = path.join(path.dirname(modules), 'entry.js');
  writeFileSync(entry, `require(${JSON.stringify(root)});`);
  const { outputFiles: [{ text }] } = buildSync({ entryPoints: [entry], bundle: true, platform: 'node', write: false, logLevel: 'error', ...options });
  return text;
}

/** What comes of it elsewhere; `more` are names that it finds in place of the file's own. */
function runBundle(text, more = {}) {
  const folder = workspace();
  const names = { module: {}, exports: {}, require: createRequire(path.join(folder, 'bundle.js')), __dirname: folder, __filename: path.join(folder, 'bundle.js'), ...more };
  try {
    new Function(...Object.keys(names), text)(...Object.values(names));
  } catch (error) {
    return error;
  }
}

test('in a bundle, also minified', () => {
  for (const minify of [false, true]) {
    const { message, code } = runBundle(bundle({ minify }));
    assert.match(message, /it is in a bundle.*@openai\/codex as external/);
    assert.equal(code, 'ERR_CODEX_ADDON');
  }
});

test('in a bundle that names the folders of its parts, which are still there', () => {
  // As Bun's do.
  const { root } = installation();
  assert.match(runBundle(bundle(), { __dirname: root, __filename: path.join(root, 'native.js') }).message, /it is in a bundle/);
});

test('in a program that is a single file', () => {
  const require = (name) => createRequire(import.meta.url)(name);
  const { message, code } = runBundle(bundle(), { require });
  assert.match(message, /it is in a bundle/);
  assert.equal(code, 'ERR_CODEX_ADDON');
});

test('beside links that Node keeps as they are', async () => {
  const place = installation();
  addPlatform(place);
  const elsewhere = path.join(workspace(), 'node_modules', '@openai');
  mkdirSync(elsewhere, { recursive: true });
  symlinkSync(place.root, path.join(elsewhere, 'codex'));
  assert.deepEqual(await load({ root: path.join(elsewhere, 'codex') }, { flags: ['--preserve-symlinks'] }), LOADED);
});

test('on a file system from which nothing may be executed', async () => {
  const place = installation();
  const file = path.join(addPlatform(place), ADDON);
  for (const said of [`${file}: failed to map segment from shared object`, `Error loading shared library ${file}: Operation not permitted`]) {
    const before = `process.dlopen = () => { throw Object.assign(new Error(${JSON.stringify(said)}), { code: 'ERR_DLOPEN_FAILED' }); };`;
    const { message, cause } = await load(place, { before });
    assert.equal(cause, said);
    assert.match(message, /mounted with `noexec`\); install it elsewhere/);
    assert.doesNotMatch(message, /glibc/);
  }
});

test('with a manifest that is broken', async () => {
  const place = installation();
  addPlatform(place, PLATFORM, { 'package.json': '{' });
  const { code, message } = await load(place);
  assert.notEqual(code, 'ERR_CODEX_ADDON');
  assert.match(message, /package\.json/);
});

test('a file that is no addon', async () => {
  const place = installation();
  addPlatform(place, PLATFORM, { [ADDON]: 'no addon' });
  const error = await load(place);
  assert.equal(error.code, 'ERR_CODEX_ADDON');
  assert.equal(error.causeCode, 'ERR_DLOPEN_FAILED');
  assert.ok(error.message.includes(error.cause), 'what the linker said is in the message');
  assert.match(error.cause, /file too short|invalid ELF header/);
});

test('a file whose end is missing', async () => {
  const place = installation();
  const file = path.join(addPlatform(place), ADDON);
  const { length } = readFileSync(file);
  for (const rest of [length - 1, Math.floor(length / 2), 4096, 64]) {
    truncateSync(file, rest);
    const { code, message } = await load(place);
    assert.equal(code, 'ERR_CODEX_ADDON');
    assert.ok(message.includes(`${file} is cut short`), message);
  }
});

test('without the addon', async () => {
  const place = installation();
  const file = path.join(addPlatform(place), ADDON);
  rmSync(file);
  assert.ok((await load(place)).message.includes(`${file} is missing; install again`));
});

test('with native addons disabled', async () => {
  const place = installation();
  addPlatform(place);
  const { message } = await load(place, { flags: ['--no-addons'] });
  assert.match(message, /native addons are disabled in this process; start node without --no-addons, or, where it has --permission, with --allow-addons/);
});

test('in an archive of Yarn’s', async () => {
  const place = installation(path.join(workspace(), 'cache', 'codex.zip'));
  addPlatform(place, PLATFORM, { [ADDON]: 'no addon' });
  assert.match((await load(place)).message, /inside an archive of Yarn's.*don't set `unplugged: false`/);
});

test('where Deno may not', async () => {
  const place = installation();
  addPlatform(place);
  const before = "process.dlopen = () => { throw Object.assign(new Error('run again with the --allow-ffi flag'), { name: 'NotCapable' }); };";
  const { code, message } = await load(place, { before });
  assert.equal(code, 'ERR_CODEX_ADDON');
  assert.match(message, /run again with the --allow-ffi flag$/);
});

test('with links of which the store was left behind', async () => {
  const place = installation();
  mkdirSync(path.join(place.modules, '@openai'), { recursive: true });
  symlinkSync('../../.store/codex', path.join(place.modules, '@openai', `codex-${PLATFORM}`));
  assert.match((await load(place)).message, /is a link to nothing: optional packages were left out .*, or node_modules was moved or copied/);
});

test('in the store of pnpm', async () => {
  const store = path.join(workspace(), 'node_modules', '.pnpm', '@openai+codex@0.1.0');
  const place = installation(store);
  assert.match((await load(place)).message, /pnpm: `supportedArchitectures`/);
  addPlatform(place);
  assert.deepEqual(await load(place), LOADED);
});

test('under Plug’n’Play', async () => {
  const before = "Object.defineProperty(process, 'versions', { value: { ...process.versions, pnp: '3' } });";
  const place = installation();
  addPlatform(place, 'win32-x64');
  assert.match((await load(place, { before })).message, /Yarn: `supportedArchitectures` in \.yarnrc\.yml/);
});

test('in an archive of Electron’s, unpacked beside it', async () => {
  const app = workspace();
  const place = installation(path.join(app, 'app.asar'));
  const folder = addPlatform(place);
  const beside = folder.replace('app.asar', 'app.asar.unpacked');
  cpSync(folder, beside, { recursive: true });
  for (const name of [ADDON, 'codex-launcher']) rmSync(path.join(folder, name));
  const look = `require(${JSON.stringify(path.join(place.root, 'native.js'))}).launcher`;
  assert.deepEqual(await load(place, { look }), { loaded: path.join(beside, 'codex-launcher') });
});

test('in an archive of Electron’s, not unpacked', async () => {
  const place = installation(path.join(workspace(), 'app.asar'));
  addPlatform(place);
  const before = "Object.defineProperty(process, 'versions', { value: { ...process.versions, electron: '30' } });";
  assert.match((await load(place, { before })).message, /inside an archive of Electron's.*asarUnpack/);
});

test('a file that a scanner of Windows holds for a while', async () => {
  const place = installation();
  const file = path.join(addPlatform(place, 'win32-x64', { 'codex.node': '' }), 'codex.node');
  const built = path.join(addPlatform(place), ADDON);
  const held = (times) => `${on('win32')}
    const fs = require('node:fs'); const { openSync } = fs; let held = ${times};
    fs.openSync = (name, ...rest) => {
      if (name === ${JSON.stringify(file)} && held-- > 0) throw Object.assign(new Error('EBUSY'), { code: 'EBUSY' });
      return openSync(name, ...rest);
    };
    require('node:module')._extensions['.node'] = (module) => {
      if (held > 0) throw Object.assign(new Error('it is in use'), { code: 'ERR_DLOPEN_FAILED' });
      process.dlopen(module, ${JSON.stringify(built)});
    };`;
  assert.deepEqual(await load(place, { before: held(3) }), LOADED);
  const { message, cause } = await load(place, { before: held(1000) });
  assert.equal(cause, 'it is in use');
  assert.match(message, /it is in use; if a virus scanner holds/);
});

test('no environment variable makes it load something else', async () => {
  const place = installation();
  const elsewhere = addPlatform(installation());
  const names = ['NAPI_RS_NATIVE_LIBRARY_PATH', 'NAPI_RS_FORCE_WASI', 'CODEX_NATIVE', 'CODEX_LAUNCHER'];
  const before = names.map((name) => `process.env.${name} = ${JSON.stringify(path.join(elsewhere, ADDON))};`).join('');
  assert.match((await load(place, { before })).message, /is not installed/);
});

test('moved as a whole', async () => {
  const from = workspace();
  const place = installation(from);
  addPlatform(place);
  const to = path.join(workspace(), 'moved');
  renameSync(from, to);
  assert.deepEqual(await load({ root: place.root.replace(from, to) }), LOADED);
  renameSync(to, from);
});
