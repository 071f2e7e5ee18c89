// No file with a set-id bit can be made, by any call that can set one.
import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { outside, workspace } from './support/places.mjs';
import { PROBE, probe } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const [SET_USER, SET_GROUP] = [0o4755, 0o2755];
const O_CREAT_WRONLY = 0o101;
const AT_FDCWD = -100;

for (const mode of [SET_USER, SET_GROUP, 0o6755]) {
  test(`mode ${mode.toString(8)}`, async (t) => {
    const folder = workspace();
    writeFileSync(path.join(folder, 'file'), '');
    const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
    const disguised = `0x${(0xffffffff00000000n + BigInt(mode)).toString(16)}`;
    assert.notEqual((await sh(box, `chmod ${mode.toString(8)} file`)).exitCode, 0);
    for (const value of [mode, disguised]) {
      assert.equal(await probe(box, 'call', 90, 's:file', value), 'EPERM', 'chmod');
      assert.equal(await probe(box, 'call', 268, AT_FDCWD, 's:file', value), 'EPERM', 'fchmodat');
      assert.equal(await probe(box, 'call', 452, AT_FDCWD, 's:file', value, 0), 'EPERM', 'fchmodat2');
      assert.equal((await sh(box, `"${PROBE}" call 91 3 ${value} 3< file`)).stdout, '1\n', 'fchmod');
      assert.equal(await probe(box, 'call', 2, 's:made', O_CREAT_WRONLY, value), 'EPERM', 'open');
      assert.equal(await probe(box, 'call', 85, 's:made', value), 'EPERM', 'creat');
      assert.equal(await probe(box, 'call', 257, AT_FDCWD, 's:made', O_CREAT_WRONLY, value), 'EPERM', 'openat');
      assert.equal(await probe(box, 'call', 133, 's:made', value, 0), 'EPERM', 'mknod');
      assert.equal(await probe(box, 'call', 259, AT_FDCWD, 's:made', value, 0), 'EPERM', 'mknodat');
    }
    assert.equal(await probe(box, 'call', 437, AT_FDCWD, 's:made', 'buffer', 24), 'ENOSYS', 'openat2');
    for (const name of readdirSync(folder)) {
      assert.equal(statSync(path.join(folder, name)).mode & 0o6000, 0, name);
    }
  });
}

test('other modes can be set', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  assert.equal((await sh(box, 'touch file && chmod 1751 file')).exitCode, 0);
  assert.equal(statSync(path.join(folder, 'file')).mode & 0o7777, 0o1751);
});

test('no link makes a file of a directory, and none outside is reached', async (t) => {
  const folder = workspace();
  const other = outside();
  const { mode } = statSync(other);
  writeFileSync(path.join(folder, 'file'), '');
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  const targets = [other, '/proc/self/cwd/file', '/proc/self/fd/0', '/proc/self', '/etc', 'link', 'loop', 'file/', 'none'];
  await sh(box, `ln -s file link; ln -s loop loop; ln -s "${other}" out`);
  for (const target of [...targets, 'out', `/proc/self/root${other}`]) {
    const { exitCode } = await box.exec('chmod', ['2755', target]);
    assert.notEqual(exitCode, 0, target);
  }
  assert.equal(statSync(other).mode, mode);
  assert.equal(statSync(path.join(folder, 'file')).mode & 0o6000, 0);
  // The swap of a directory for a file, as often as it can be.
  const race = `mkdir dir; (for i in $(seq 200); do mv -T dir aside; mv -T file dir; mv -T dir file; mv -T aside dir; done) &
    while kill -0 $! 2>/dev/null; do chmod 2755 dir; done`;
  await sh(box, `(${race}) 2>/dev/null`);
  assert.equal(statSync(path.join(folder, 'file')).mode & 0o6000, 0);
});

test('where nothing is watched, nothing has that bit', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder, denials: 'off' });
  assert.notEqual((await sh(box, 'mkdir a && chmod g+s a')).exitCode, 0);
  assert.equal(statSync(path.join(folder, 'a')).mode & 0o6000, 0);
});
