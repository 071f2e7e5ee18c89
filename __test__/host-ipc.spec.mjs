// System V memory and semaphores of the host are out of sight, and those of a sandbox are gone with it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { PROBE, probe } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const [SHMGET, SHMCTL] = [29, 31];
const [IPC_CREAT, IPC_RMID] = [0o1000, 0];
const call = (...words) => execFileSync(PROBE, ['call', ...words].map(String), { encoding: 'utf8' }).trim();
const segments = () => readFileSync('/proc/sysvipc/shm', 'utf8');

test('in both directions', async (t) => {
  const key = 0x63640000 + (process.pid & 0xffff);
  assert.equal(call(SHMGET, key, 4096, IPC_CREAT | 0o600), '0');
  const id = segments().split('\n').map((line) => line.trim().split(/\s+/)).find(([own]) => Number(own) === key)[1];
  t.after(() => call(SHMCTL, id, IPC_RMID, 0));
  const before = segments();
  for (const profile of RESTRICTED) {
    const box = sandbox(t, { profile, workspace: workspace() });
    assert.equal(await probe(box, 'call', SHMGET, key, 4096, 0), 'ENOENT');
    assert.equal((await sh(box, 'cat /proc/sysvipc/shm')).stdout.split('\n').length, 2, 'the head line alone');
    assert.equal(await probe(box, 'call', SHMGET, key + 1, 4096, IPC_CREAT | 0o600), 'ok');
    assert.equal(await probe(box, 'call', SHMGET, key + 1, 4096, 0), 'ok', 'the next run has it, too');
    await box.close();
  }
  const keys = (text) => text.split('\n').map((line) => line.trim().split(/\s+/)[0]).join();
  assert.equal(keys(segments()), keys(before));
});
