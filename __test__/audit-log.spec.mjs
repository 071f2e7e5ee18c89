// The audit log by itself: what is appended is there, redacted, chained and found again.
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { AuditLog } from '../index.js';
import { lines, newLog } from './support/logs.mjs';
import { outside } from './support/places.mjs';

const identity = { user: 'alice', home: '/home/alice', host: 'alice-laptop' };

async function all(log, options) {
  const found = [];
  for await (const record of log.records(options)) found.push(record);
  return found;
}

test('appends, and acknowledges by an id under which the record stands', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  const { id, warning } = log.append({ event: 'file.read', path: '/etc/hosts', decision: 'allow', labels: { team: 'x' } });
  assert.equal(warning, undefined);
  const [session, seq] = id.split(':');
  const record = lines(file).find((one) => one.session === session && one.seq === Number(seq));
  assert.equal(record.path, '/etc/hosts');
  assert.equal(record.labels.team, 'x');
});

test('logs commands, files and hosts', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  log.logCommandExec(['git', 'push'], 'forbid', { rule: 'no-push' });
  log.logCommandExec('ls -l', 'allow');
  log.logFileRead('/etc/hosts', 'allow');
  log.logFileWrite('/etc/hosts', 'deny');
  log.logNetworkAccess('example.com:443', 'allow');
  log.logNetworkAccess('::1', 'deny');
  const [push, ls, read, write, connect, loopback] = await all(log, { where: 'not event ~ "session" and not event ~ "log."' });
  assert.deepEqual([push.event, push.command, push.decision, push.rule], ['exec.decision', 'git push', 'forbid', 'no-push']);
  assert.deepEqual([ls.command, ls.decision], ['ls -l', 'allow']);
  assert.deepEqual([read.event, read.path], ['file.read', '/etc/hosts']);
  assert.deepEqual([write.event, write.decision], ['file.write', 'deny']);
  assert.deepEqual([connect.event, connect.host, connect.port], ['network.connect', 'example.com', 443]);
  assert.deepEqual([loopback.host, loopback.port], ['::1', undefined]);
});

test('hides names and secrets before anything is written', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  log.logCommandExec(['curl', '-u', 'me:hunter2', 'https://bob:hunter2@h/', '--token=hunter2'], 'allow');
  log.logFileRead('C:\\Users\\alice\\file.txt', 'allow');
  log.logFileRead('/home/alice/notes', 'allow');
  const text = readFileSync(file, 'utf8');
  assert.doesNotMatch(text, /hunter2|alice/);
  assert.match(text, /\[SECRET\]/);
  assert.ok(lines(file).some((one) => one.path === 'C:\\Users\\[USER]\\file.txt'));
});

test('verifies, and names the first record that was changed', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  for (let count = 0; count < 5; count++) log.logFileRead(`/etc/hosts${count}`, 'allow');
  await log.close();
  await log.close();
  const { publicKey } = log;
  const sound = await log.verify({ publicKey });
  assert.deepEqual([sound.ok, sound.openSessions, sound.unsigned], [true, 0, 0]);
  const text = readFileSync(file, 'utf8').split('\n');
  const bad = text.findIndex((line) => line.includes('hosts2'));
  text[bad] = text[bad].replace('hosts2', 'hosts9');
  writeFileSync(file, text.join('\n'));
  const broken = await log.verify();
  assert.deepEqual([broken.ok, broken.firstBad.line, broken.firstBad.file], [false, bad + 1, path.basename(file)]);
});

test('a checkpoint kept elsewhere finds a cut end, a public key a rewritten log', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  log.logFileRead('/etc/hosts', 'allow');
  const before = readFileSync(file);
  log.logFileRead('/etc/passwd', 'allow');
  const checkpoint = await log.checkpoint();
  await log.close();
  assert.ok((await log.verify({ checkpoint })).ok);
  writeFileSync(file, before);
  assert.ok((await log.verify()).ok);
  assert.equal((await log.verify({ checkpoint })).ok, false);
  const other = await AuditLog.open(newLog(), { identity });
  assert.equal((await log.verify({ publicKey: other.publicKey })).ok, false);
});

test('reads from a moment on, by a query, and what comes later', async () => {
  const log = await AuditLog.open(newLog(), { identity });
  log.logFileRead('/etc/one', 'allow');
  log.logFileWrite('/etc/two', 'deny');
  assert.deepEqual((await all(log, { where: 'decision = deny' })).map((one) => one.path), ['/etc/two']);
  assert.deepEqual(await all(log, { since: new Date(Date.now() + 60_000) }), []);
  assert.ok((await all(log, { since: '1h' })).length >= 2);
  const following = log.records({ follow: true, where: 'path = "/etc/three"' });
  const next = following.next();
  setTimeout(() => log.logFileRead('/etc/three', 'allow'), 50);
  assert.equal((await next).value.path, '/etc/three');
  await following.return();
});

test('counts and exports', async () => {
  const log = await AuditLog.open(newLog(), { identity });
  for (let count = 0; count < 3; count++) log.logFileWrite('/etc/shadow', 'deny');
  log.logNetworkAccess('example.com:80', 'deny');
  const stats = await log.stats();
  assert.deepEqual(stats.topDenied[0], ['write /etc/shadow', 3]);
  assert.equal(stats.events['file.write'], 3);
  const ocsf = (await log.export('ocsf')).trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(ocsf.some((one) => one.class_uid === 1001) && ocsf.some((one) => one.class_uid === 4001));
  JSON.parse((await log.export('otlp')).trim().split('\n')[0]);
  assert.match(await log.export('csv'), /\/etc\/shadow/);
  JSON.parse((await log.export('ecs')).split('\n')[0]);
});

test('a folder has a file for each writer', async () => {
  const folder = `${path.join(outside(), 'logs')}/`;
  const one = await AuditLog.open(folder, { identity });
  const two = await AuditLog.open(pathToFileURL(folder), { identity });
  one.logFileRead('/etc/one', 'allow');
  two.logFileRead('/etc/two', 'allow');
  assert.equal(readdirSync(folder).filter((name) => name.endsWith('.jsonl')).length, 2);
  assert.deepEqual((await all(one, { where: 'event = file.read' })).map((record) => record.path).sort(), ['/etc/one', '/etc/two']);
  assert.ok((await one.verify()).ok);
});

test('rotates by size and keeps as many files as asked', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity, maxBytes: 4000, maxFiles: 3 });
  for (let count = 0; count < 60; count++) log.logFileRead(`/etc/hosts${count}`, 'allow');
  const names = readdirSync(path.dirname(file)).filter((name) => !name.endsWith('.key'));
  assert.ok(names.length > 1 && names.length <= 3, names.join(' '));
  const { ok, removed } = await log.verify();
  assert.ok(ok && removed > 0);
});

test('files and folders are for their owner alone, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const file = path.join(outside(), 'new', 'audit.jsonl');
    const log = await AuditLog.open(file, { identity });
    log.logFileRead('/etc/hosts', 'allow');
    assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
    for (const name of readdirSync(path.dirname(file))) assert.equal(statSync(path.join(path.dirname(file), name)).mode & 0o777, 0o600, name);
  } finally {
    process.umask(before);
  }
});

test('a symlink, or a file where a folder should be, is refused', async () => {
  const folder = outside();
  const target = path.join(folder, 'target');
  writeFileSync(target, '');
  symlinkSync(target, path.join(folder, 'link'));
  for (const name of ['link', 'target/below']) {
    await assert.rejects(AuditLog.open(path.join(folder, name)), ({ constructor, code, message }) => {
      assert.deepEqual([constructor.name, code], ['CodexError', 'AuditUnavailable'], name);
      const parts = message.split(': ');
      assert.equal(new Set(parts).size, parts.length, `it says something twice: ${message}`);
      return true;
    });
  }
  assert.equal(statSync(target).size, 0);
});

test('a torn line does not swallow the next record', async () => {
  const file = newLog();
  appendFileSync(file, '{"v":1,"session":"torn');
  const log = await AuditLog.open(file, { identity });
  log.logFileRead('/etc/after', 'allow');
  const last = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => { try { return JSON.parse(line); } catch { return undefined; } });
  assert.ok(last.some((record) => record?.path === '/etc/after'));
  assert.ok((await log.verify()).ok);
});

test('what it does not understand it refuses', async () => {
  const file = newLog();
  const log = await AuditLog.open(file, { identity });
  const size = () => statSync(file).size;
  const before = size();
  assert.throws(() => log.append({ event: 'session.end' }), { code: 'AuditUnavailable' });
  assert.throws(() => log.append({ event: 'file.read', colour: 'red' }), { code: 'AuditUnavailable' });
  assert.throws(() => log.append('file.read'), TypeError);
  assert.throws(() => log.logFileRead(7, 'allow'), TypeError);
  assert.throws(() => log.logFileRead('/etc/hosts', 'perhaps'), TypeError);
  await assert.rejects(all(log, { where: 'event = = x' }), { code: 'AuditUnavailable' });
  await assert.rejects(all(log, { since: 'yesterday-ish' }), { code: 'AuditUnavailable' });
  await assert.rejects(all(log, { colour: 'red' }), TypeError);
  await assert.rejects(log.export('xml'), TypeError);
  await assert.rejects(AuditLog.open(newLog(), { level: 'loud' }), TypeError);
  await assert.rejects(AuditLog.open(newLog(), { maxFiles: 1 }), RangeError);
  assert.throws(() => new AuditLog(), TypeError);
  assert.equal(size(), before);
});

test('a closed log takes nothing more', async () => {
  const log = await AuditLog.open(newLog(), { identity });
  await log.close();
  assert.throws(() => log.logFileRead('/etc/hosts', 'allow'), { code: 'AuditUnavailable', message: /closed/ });
});
