// Where the addon can't be loaded, the error says why and what to do; and it is found where packers and managers put it.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { ADDON, PLATFORM, addPlatform, installation, load } from './support/installation.mjs';
import { PACKAGE, workspace } from './support/places.mjs';

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

test('in a bundle', () => {
  const source = readFileSync(path.join(PACKAGE, 'native-failure.js'), 'utf8');
  const bundled = { exports: {} };
  // Bundlers have a `require` of their own, which can't look for packages.
  new Function('exports', 'require', '__dirname', source)(bundled.exports, (name) => createRequire(import.meta.url)(name), workspace());
  const { message, code } = bundled.exports.failure('notInstalled', { name: `@openai/codex-${PLATFORM}`, platform: PLATFORM, supported: [PLATFORM] });
  assert.match(message, /@openai\/codex as external/);
  assert.equal(code, 'ERR_CODEX_ADDON');
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
  assert.match(message, /native addons are disabled in this process; start node with --allow-addons/);
});

test('with links of which the store was left behind', async () => {
  const place = installation();
  mkdirSync(path.join(place.modules, '@openai'), { recursive: true });
  symlinkSync('../../.store/codex', path.join(place.modules, '@openai', `codex-${PLATFORM}`));
  assert.match((await load(place)).message, /is a link to nothing: node_modules was moved or copied/);
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
