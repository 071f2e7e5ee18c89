// What is built is checked before it is packed; a check that never fails would be none.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { check } from '../scripts/build-all/check.mjs';
import { readElf } from '../scripts/build-all/elf.mjs';
import { ROWS } from '../scripts/build-all/rows.mjs';
import { ADDON, BUILT, PLATFORM } from './support/installation.mjs';
import { workspace } from './support/places.mjs';

const addon = path.join(BUILT, ADDON);
const launcher = path.join(BUILT, 'codex-launcher');
const row = (kind, platform = PLATFORM) => ROWS.find((candidate) => candidate.kind === kind && candidate.platform === platform);

test('the addon of this checkout is read', () => {
  const { cpu, exports, libraries } = readElf(readFileSync(addon));
  assert.equal(cpu, row('addon').cpu);
  assert.ok(exports.includes('napi_register_module_v1'));
  assert.ok(libraries.some((library) => library.startsWith('libc.')), String(libraries));
});

test('the launcher is static', () => {
  assert.deepEqual(check(row('launcher'), launcher).problems, []);
  assert.match(String(check(row('launcher'), addon).problems), /it is not static: .*libc\./);
});

test('what only one C library has is named', () => {
  // As this machine links it, the addon needs what only glibc systems have.
  const problems = String(check(row('addon'), addon).problems);
  assert.match(problems, /it needs .*libgcc_s\.so\.1/);
  assert.match(problems, /it calls .*_Unwind_Resume.*not known to be the same in glibc and musl/);
});

test('a file without the entry is no addon', () => {
  assert.match(String(check(row('addon'), launcher).problems), /it doesn't export napi_register_module_v1/);
});

test('for another processor, for another system, or too large', () => {
  const other = PLATFORM === 'linux-x64' ? 'linux-arm64' : 'linux-x64';
  assert.match(String(check(row('addon', other), addon).problems), /it is for (x86_64|aarch64)/);
  assert.match(String(check(row('addon', 'darwin-arm64'), addon).problems), /it is no thin Mach-O file/);
  assert.match(String(check(row('addon', 'win32-x64'), addon).problems), /it is no PE file/);
  const large = path.join(workspace(), 'large.node');
  writeFileSync(large, Buffer.alloc(3_000_001));
  assert.match(String(check(row('addon'), large).problems), /3000001 bytes are over the budget/);
});
