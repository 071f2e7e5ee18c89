// The exit code of `codex exec` says how the command ended, or why it was not run.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { codex } from './support/cli.mjs';
import { workspace } from './support/places.mjs';
import { gone, unusualSleep } from './support/processes.mjs';

const folder = workspace();
writeFileSync(path.join(folder, 'no-permission'), '');
const exec = (...args) => codex(['exec', ...args], { cwd: folder });

test('of the command', async () => {
  for (const code of [0, 1, 42, 124, 255]) assert.equal((await exec('--', 'sh', '-c', `exit ${code}`)).exitCode, code);
});

test('128 and the signal', async () => {
  for (const signal of [1, 9, 11, 15]) assert.equal((await exec('--', 'sh', '-c', `kill -${signal} $$`)).exitCode, 128 + signal);
});

test('124: the timeout', async () => {
  const seconds = unusualSleep();
  const result = await exec('--timeout', '0.2', '--', 'sleep', seconds);
  assert.equal(result.exitCode, 124);
  assert.match(result.stderr, /timeout/);
  await gone(`sleep ${seconds}`);
});

test('125: the sandbox or the profile was refused', async () => {
  for (const options of [
    ['--workspace', '/nonexistent'], ['--profile', 'workspace-write', '--workspace', '/'], ['--profile', 'offline', '--writable', folder], ['--profile', 'workspace-write', '--writable', '/nonexistent'],
    ['--profile', 'trusted', '--deny-read', '/x'],
  ]) {
    const result = await exec(...options, '--', 'echo', 'ran');
    assert.equal(result.exitCode, 125, options.join(' '));
    assert.equal(result.stdout, '');
    assert.match(result.stderr, /^codex: /);
  }
});

test('126: not executable', async () => {
  for (const program of ['./no-permission', '/', '/etc/passwd']) {
    const result = await exec('--', program);
    assert.equal(result.exitCode, 126, program);
    assert.ok(result.stderr.includes(program));
  }
});

test('127: not found', async () => {
  for (const program of ['no-such-program', './missing', '/nonexistent/program']) {
    const result = await exec('--', program);
    assert.equal(result.exitCode, 127, program);
    assert.match(result.stderr, /^codex: .*not found/);
    assert.ok(result.stderr.includes(program));
    assert.equal(result.stdout, '');
  }
});
