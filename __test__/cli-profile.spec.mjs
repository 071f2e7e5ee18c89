// `codex profile` answers from the profiles alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codex } from './support/cli.mjs';
import { workspace } from './support/places.mjs';

const FIVE = ['offline', 'net-read-only', 'workspace-write', 'workspace-net', 'trusted'];
const profile = (...args) => codex(['profile', ...args], { cwd: workspace() });

test('list', async () => {
  const text = await profile('list');
  assert.equal(text.exitCode, 0);
  assert.deepEqual(text.stdout.trimEnd().split('\n').map((line) => line.split(' ')[0]), FIVE);
  assert.match(text.stdout, /^offline .*\(default\)$/m);
  const json = JSON.parse((await profile('list', '--json')).stdout);
  assert.deepEqual(json.map(({ name }) => name), FIVE);
  assert.deepEqual(json.filter((one) => one.default).map(({ name }) => name), ['offline']);
});

test('show', async () => {
  for (const name of FIVE) {
    const text = await profile('show', name);
    assert.equal(text.exitCode, 0);
    for (const topic of ['profile', 'read', 'write', 'network', 'environment']) assert.match(text.stdout, new RegExp(`^${topic} `, 'm'), name);
    assert.ok(Array.isArray(JSON.parse((await profile('show', name, '--json')).stdout)));
  }
  assert.match((await profile('show', 'Workspace')).stdout, /workspace-write/);
});

test('explain: 0 for allowed, 1 for denied', async () => {
  for (const [args, exitCode] of [
    [['offline', '--write', 'x'], 1], [['workspace-write', '--write', 'x'], 0], [['workspace-write', '--write', '/etc/x'], 1], [['offline', '--read', '/etc/passwd'], 0],
    [['offline', '--connect', 'example.org'], 1], [['workspace-net', '--connect', 'example.org:443'], 0], [['trusted', '--write', '/etc/x'], 0],
  ]) {
    const text = await profile('explain', ...args);
    assert.equal(text.exitCode, exitCode, args.join(' '));
    assert.match(text.stdout, exitCode === 0 ? /^allowed \(/ : /^denied \(/);
    const json = await profile('explain', ...args, '--json');
    assert.equal(json.exitCode, exitCode);
    assert.equal(JSON.parse(json.stdout).allowed, exitCode === 0);
  }
});

test('errors', async () => {
  for (const args of [['show', 'x'], ['show'], ['explain', 'offline'], ['explain', 'offline', '--read', 'a', '--write', 'b'], ['explain', 'x', '--read', 'a'], ['x'], []]) {
    const result = await profile(...args);
    assert.equal(result.exitCode, 2, args.join(' '));
    assert.equal(result.stdout, '');
    assert.notEqual(result.stderr, '');
  }
  for (const name of FIVE) assert.ok((await profile('show', 'x')).stderr.includes(name));
  const missing = await profile('explain', 'workspace-write', '--write', 'x', '--workspace', '/nonexistent');
  assert.equal(missing.exitCode, 125);
  assert.match(missing.stderr, /nonexistent/);
});
