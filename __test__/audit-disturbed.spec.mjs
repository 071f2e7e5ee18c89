// A log that others meddle with while it is open: what they do is noticed, told, and written down.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readlinkSync, renameSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuditLog } from '../index.js';
import { lines, newLog } from './support/logs.mjs';
import { outside } from './support/places.mjs';

const identity = { user: 'alice', home: '/home/alice', host: 'alice-laptop' };

/** The causes of the repairs in a log. */
function repairs(file) {
  return lines(file).filter((record) => record.event === 'log.repair').map((record) => record.log.cause);
}

const MEDDLING = {
  'removed': ['removed', (file) => unlinkSync(file)],
  'renamed, as logrotate does': ['removed', (file) => renameSync(file, `${file}.1`)],
  'renamed, with an empty one in its place': ['removed', (file) => (renameSync(file, `${file}.1`), writeFileSync(file, ''))],
  'emptied, as copytruncate does': ['cut', (file) => truncateSync(file)],
};

for (const [name, [cause, meddle]] of Object.entries(MEDDLING)) {
  test(`a log that is ${name} goes on, and says so in words and in a record`, async () => {
    const file = newLog();
    const log = await AuditLog.open(file, { identity });
    assert.equal(log.logFileRead('/etc/before', 'allow').warning, undefined);
    // The writer keeps its lock for a moment, in which it doesn't look.
    await sleep(50);
    meddle(file);
    assert.match(log.logFileRead('/etc/after', 'allow').warning, new RegExp(`was ${cause} by another program`));
    await log.close();
    assert.deepEqual(repairs(file), [cause]);
    assert.ok(lines(file).some((record) => record.path === '/etc/after'));
    const { ok, firstBad } = await log.verify();
    assert.equal(ok, false);
    assert.match(firstBad.reason, /missing/);
  });
}

test('a file of a log folder that is removed is noticed, too', async () => {
  const folder = `${path.join(outside(), 'logs')}/`;
  const log = await AuditLog.open(folder, { identity });
  log.logFileRead('/etc/before', 'allow');
  await sleep(50);
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.jsonl'))) unlinkSync(path.join(folder, name));
  assert.match(log.logFileRead('/etc/after', 'allow').warning, /was removed by another program/);
  const [name] = readdirSync(folder).filter((one) => one.endsWith('.jsonl'));
  assert.deepEqual(repairs(path.join(folder, name)), ['removed']);
});

test('a log that is removed just before it is closed still gets its end', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  log.logFileRead('/etc/before', 'allow');
  unlinkSync(file);
  await log.close();
  assert.deepEqual(repairs(file), ['removed']);
  assert.ok(lines(file).some((record) => record.event === 'session.end'));
});

test('another writer that rotates the log, and retention, are no meddling', async () => {
  const file = newLog();
  const idle = await AuditLog.open(file, { identity, maxBytes: 3000, maxFiles: 2 });
  const busy = await AuditLog.open(file, { identity, maxBytes: 3000, maxFiles: 2 });
  await sleep(50);
  for (let count = 0; count < 60; count++) busy.logFileRead(`/etc/hosts${count}`, 'allow');
  await sleep(50);
  assert.equal(idle.logFileRead('/etc/hosts', 'allow').warning, undefined);
  assert.ok((await idle.verify()).ok);
});

test('a closed log holds no file open', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  log.logFileRead('/etc/hosts', 'allow');
  await log.close();
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  assert.deepEqual(open.filter((name) => name.startsWith(path.dirname(file))), []);
  assert.ok((await log.verify({ publicKey: log.publicKey })).ok);
  assert.ok((await log.stats()).records > 0);
  assert.throws(() => log.logFileRead('/etc/hosts', 'allow'), { code: 'AuditUnavailable', message: /closed/ });
});

test('files smaller than a record still hold each record', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity, maxBytes: 1, maxFiles: 100 });
  for (let count = 0; count < 5; count++) assert.equal(log.logFileRead(`/etc/hosts${count}`, 'allow').warning, undefined);
  const found = [];
  for await (const record of log.records({ where: 'event = file.read' })) found.push(record.path);
  assert.deepEqual(found, [0, 1, 2, 3, 4].map((count) => `/etc/hosts${count}`));
  assert.ok((await log.verify()).ok);
});

test('a signing key that others could read is taken from them, and told', async () => {
  const file = newLog();
  await (await AuditLog.open(file, { identity })).close();
  chmodSync(`${file}.key`, 0o644);
  const log = await AuditLog.open(file, { identity });
  assert.match(log.logFileRead('/etc/hosts', 'allow').warning, /others could read the signing key/);
  assert.equal(statSync(`${file}.key`).mode & 0o777, 0o600);
  await log.close();
  const again = await AuditLog.open(file, { identity });
  assert.equal(again.logFileRead('/etc/hosts', 'allow').warning, undefined);
});

test('a lone surrogate costs one character, not the record', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  log.logFileRead('/a\ud800b', 'allow');
  log.logCommandExec(['echo', '\udc00', '\\ud800', '\u{1f600}'], 'allow');
  const [read, run] = lines(file).filter((record) => record.decision === 'allow');
  assert.equal(read.path, '/a\ufffdb');
  assert.deepEqual(run.argv, ['echo', '\ufffd', '\\ud800', '\u{1f600}']);
  assert.ok((await log.verify()).ok);
});

test('an empty folder is no log to be read, and the message says what was looked for', async () => {
  const folder = path.join(outside(), 'empty');
  mkdirSync(folder);
  const log = await AuditLog.open(folder, { identity });
  await log.close();
  for (const name of readdirSync(folder)) unlinkSync(path.join(folder, name));
  await assert.rejects(log.verify(), { code: 'AuditUnavailable', message: /no log file \(\*\.jsonl\)/ });
});
