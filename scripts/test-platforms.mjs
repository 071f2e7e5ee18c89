// Installs the packed packages (`npm run build:all` first) into empty folders on every runtime that runs on this machine,
// from a registry that has nothing else, and tries each part of them there:
//   npm run test:platforms [-- --only 'linux-x64 bun,linux-arm64']
import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setUp } from './build-all/toolchain.mjs';
import { root } from './build.mjs';
import { table } from './table.mjs';
import { INSTALLERS } from './test-platforms/installers.mjs';
import { serve } from './test-platforms/registry.mjs';
import { RUNTIMES, setUpRuntimes } from './test-platforms/runtimes.mjs';

const PACKAGES = path.join(root, 'target', 'packages');
const PARTS = ['loaded', 'exec', 'policy', 'audit', 'codex exec', 'trusted'];
const NOT_RUNNABLE = 'not runnable here';
const LIMIT = 300_000;

const { values } = parseArgs({ options: { only: { type: 'string' } } });
if (!existsSync(PACKAGES)) throw new Error('nothing is packed; run `npm run build:all`');
setUp();
setUpRuntimes();
const manifests = readdirSync(path.join(root, 'npm')).map((name) => JSON.parse(readFileSync(path.join(root, 'npm', name, 'package.json'), 'utf8')));
const registry = await serve(PACKAGES, manifests);
const tried = [];
for (const runtime of RUNTIMES.filter(isWanted)) {
  for (const installer of runtime.installers.length > 0 ? runtime.installers : [undefined]) tried.push(await attempt(runtime, installer));
}
registry.close();

console.log(table(['platform', 'runtime', 'installed by', ...PARTS, 'seconds'], tried.map(({ runtime, installer, parts, seconds }) => (
  [runtime.platform, runtime.name, installer ?? '-', ...PARTS.map((part) => inWord(parts[part])), seconds]))));
const remarks = tried.flatMap(({ runtime, installer, parts }) => Object.entries(parts)
  .filter(([, result]) => result !== 'ok' && result !== NOT_RUNNABLE)
  .map(([part, result]) => ({ isRight: isRefusedRightly(runtime, part, result), text: `${runtime.platform}, ${runtime.name}, ${installer}: ${part}: ${result}` })));
if (remarks.length > 0) console.log(`\n${remarks.map(({ text }) => text).join('\n')}`);
process.exitCode = remarks.every(({ isRight }) => isRight) ? 0 : 1;

/** Whether this is what must come of a part on a system that can't hold a sandbox. */
function isRefusedRightly({ refusal }, part, result) {
  return refusal !== undefined && ['exec', 'codex exec'].includes(part) && result.startsWith('refused:') && result.includes(refusal);
}

function isWanted({ platform, name }) {
  return !values.only || values.only.split(',').some((wanted) => `${platform} ${name}`.startsWith(wanted));
}

/** One row: what each part came to, in words. */
async function attempt(runtime, installer) {
  const all = (result) => Object.fromEntries(PARTS.map((part) => [part, result]));
  if (!installer) return { runtime, installer, parts: all(NOT_RUNNABLE) };
  if (!isPacked(runtime.platform)) return { runtime, installer, parts: all('not packed') };
  const start = performance.now();
  const folder = mkdtempSync(path.join(os.homedir(), '.codex-platform-'));
  try {
    const parts = await tryParts(runtime, INSTALLERS[installer], folder);
    return { runtime, installer, parts, seconds: Math.round((performance.now() - start) / 1000) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isPacked(platform) {
  return readdirSync(PACKAGES).some((name) => name.includes(`codex-${platform}-`));
}

async function tryParts(runtime, installer, folder) {
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'empty', version: '1.0.0', private: true }));
  writeFileSync(path.join(folder, '.npmrc'), `registry=${registry.address}/\n`);
  installer.prepare?.(folder, registry.address);
  const installed = await run(installer.install({ ...runtime, address: registry.address }), folder);
  if (installed.status !== 0) return { loaded: `it can't be installed: ${installed.output}` };
  copyFileSync(path.join(root, '__test__', 'conformance.cjs'), path.join(folder, 'conformance.cjs'));
  const result = await run([...runtime.command, ...installer.prefix, 'conformance.cjs'], folder, runtime.env);
  let parts;
  try {
    parts = JSON.parse(result.stdout);
  } catch {
    return { loaded: `it ended with ${result.status}: ${result.output}` };
  }
  for (const [part, options] of [['codex exec', []], ['trusted', ['--profile', 'trusted']]]) parts[part] = await commandLine(runtime, installer, folder, options);
  return parts;
}

/** What the program of the package does: through npx where that can be run, else by its file. */
async function commandLine(runtime, { prefix }, folder, options) {
  const words = ['exec', ...options, '--', ...runtime.hi ?? ['echo', 'hi']];
  let script = [path.join('node_modules', '@openai', 'codex', 'bin', 'codex.js')];
  if (prefix.length > 0) script = ['-e', `process.argv.splice(1, 0, 'codex'); require(require.resolve('@openai/codex/package.json').replace('package.json', 'bin/codex.js'))`];
  else if (runtime.npx) script = [runtime.npx, '--no-install', 'codex'];
  const more = { ...runtime.env, PATH: `${path.dirname(runtime.command[0])}${path.delimiter}${process.env.PATH}` };
  const { status, stdout, output } = await run([...runtime.command, ...prefix, ...script, ...words], folder, more);
  if (status === 0 && stdout === 'hi\n') return 'ok';
  return status === 125 ? `refused: ${output}` : `it ended with ${status}: ${output}`;
}

/** Runs a program to its end. The registry is in this process, so this one can't stand still meanwhile. */
async function run([program, ...args], cwd, more = {}) {
  const [out, err] = ['.stdout', '.stderr'].map((name) => path.join(cwd, name));
  const files = [out, err].map((file) => openSync(file, 'w'));
  const env = { ...process.env, CONFORMANCE_NODE: process.execPath, ...more };
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', ...files], timeout: LIMIT });
  const status = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  files.forEach(closeSync);
  const [stdout, stderr] = [out, err].map((file) => readFileSync(file, 'utf8').replaceAll('\r', ''));
  return { status, stdout, output: `${stdout}${stderr}`.trim() };
}

function inWord(result = '-') {
  if (/^(ok|refused|not \w+)/.test(result)) return /^(ok|refused|not [\w ]+)/.exec(result)[0];
  return result === '-' ? result : 'FAILED';
}
