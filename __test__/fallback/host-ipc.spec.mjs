// System V objects and message queues of the host are out of reach, because a run can have none; that is said.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { workspace } from '../support/places.mjs';
import { lacks } from '../support/lacks.mjs';
import { PROBE, probe } from '../support/probe.mjs';
import { RESTRICTED, sandbox } from '../support/sandbox.mjs';

const CALLS = { shmget: 29, shmat: 30, shmctl: 31, semget: 64, semop: 65, semctl: 66, msgget: 68, msgsnd: 69, msgrcv: 70, msgctl: 71, semtimedop: 220 };
const [IPC_CREAT, IPC_RMID, IPC_STAT] = [0o1000, 0, 2];
const host = (...words) => execFileSync(PROBE, ['call', ...words].map(String), { encoding: 'utf8' }).trim();

test('none of the host, and none of their own', async (t) => {
  const key = 0x63650000 + (process.pid & 0xffff);
  assert.equal(host(CALLS.shmget, key, 4096, IPC_CREAT | 0o600), '0');
  const id = readFileSync('/proc/sysvipc/shm', 'utf8').split('\n').map((line) => line.trim().split(/\s+/)).find(([own]) => Number(own) === key)[1];
  t.after(() => host(CALLS.shmctl, id, IPC_RMID, 0));
  for (const profile of RESTRICTED) {
    const folder = workspace();
    const box = sandbox(t, { profile, workspace: folder });
    assert.equal(await probe(box, 'call', CALLS.shmget, key, 4096, 0), 'ENOSYS');
    assert.equal(await probe(box, 'call', CALLS.shmget, key + 1, 4096, IPC_CREAT | 0o600), 'ENOSYS');
    assert.equal(await probe(box, 'call', CALLS.shmat, id, 0, 0), 'ENOSYS');
    assert.equal(await probe(box, 'call', CALLS.shmctl, id, IPC_RMID, 0), 'ENOSYS');
    assert.equal(await probe(box, 'call', CALLS.semget, key, 1, IPC_CREAT | 0o600), 'ENOSYS');
    assert.equal(await probe(box, 'call', CALLS.msgget, key, IPC_CREAT | 0o600), 'ENOSYS');
    for (const name of ['semop', 'semtimedop', 'semctl', 'msgsnd', 'msgrcv', 'msgctl']) assert.equal(await probe(box, 'call', CALLS[name], 0, 0, 0, 0), 'ENOSYS', name);
    // By the names of queues, open and unlink.
    for (const call of [240, 241]) assert.equal(await probe(box, 'call', call, 's:codex-spec', IPC_CREAT, 0o600, 0), 'ENOSYS');
    await lacks('private-ipc', { profile, workspace: folder });
  }
  assert.equal(host(CALLS.shmctl, id, IPC_STAT, 'buffer'), '0', 'it is still there');
});
