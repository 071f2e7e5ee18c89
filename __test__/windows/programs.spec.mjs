// How programs are found and given their arguments on Windows.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folder, sandbox } from '../support/any-platform.mjs';

const SYSTEM = path.join(process.env.SystemRoot, 'System32');

test('a batch file gets plain arguments, and none that cmd.exe could take for a command', async (t) => {
  const workspace = folder();
  const file = path.join(workspace, 'say.cmd');
  writeFileSync(file, '@echo off\r\necho [%~1]\r\n');
  const box = sandbox(t, { profile: 'trusted', workspace });
  assert.equal((await box.exec(file, ['run'])).stdout.trim(), '[run]');
  assert.equal((await box.exec(file, ['a b'])).stdout.trim(), '[a b]');
  for (const argument of ['--mode=production', 'a,b;c', 'größe']) {
    assert.equal((await box.exec(file, [argument], { encoding: 'buffer' })).stdout.length > 4, true, argument);
  }
  assert.equal((await box.exec(file, ['--mode=production'])).stdout.trim(), '[--mode=production]');
  for (const argument of ['"&echo pwned>pwned', '&echo pwned>pwned', '%PATH%', 'a\nb']) {
    await assert.rejects(box.exec(file, [argument]), { code: 'ERR_CODEX_BATCH_FILE' });
  }
  assert.equal(existsSync(path.join(workspace, 'pwned')), false);
});

test('a name is found in PATH by PATHEXT, and never in the working directory', async (t) => {
  const workspace = folder();
  copyFileSync(path.join(SYSTEM, 'where.exe'), path.join(workspace, 'planted.exe'));
  const box = sandbox(t, { profile: 'trusted', workspace });
  assert.equal((await box.exec('whoami')).exitCode, 0);
  await assert.rejects(box.exec('planted'), { code: 'ENOENT' });
  await assert.rejects(box.exec('planted', [], { env: { ...process.env, PATH: '.' } }), { code: 'ENOENT' });
});

test('what is no program is ENOEXEC', async (t) => {
  const workspace = folder();
  const file = path.join(workspace, 'text.exe');
  writeFileSync(file, 'no program at all, but long enough to be looked at');
  await assert.rejects(sandbox(t, { profile: 'trusted', workspace }).exec(file), { code: 'ENOEXEC' });
});
