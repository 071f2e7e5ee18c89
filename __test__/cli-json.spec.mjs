// `--json` prints one document on standard output, whatever happens.
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { codex } from './support/cli.mjs';
import { outside, workspace } from './support/places.mjs';

const json = async (...args) => {
  const result = await codex(['exec', '--json', ...args], { cwd: workspace() });
  return { ...result, document: JSON.parse(result.stdout) };
};

test('of a command that ended', async () => {
  const { document, exitCode, stderr } = await json('--', 'sh', '-c', 'echo out; echo err >&2; exit 3');
  assert.equal(exitCode, 3);
  assert.equal(stderr, '');
  assert.equal(document.exitCode, 3);
  assert.equal(document.signal, null);
  assert.equal(document.stdout, 'out\n');
  assert.equal(document.stderr, 'err\n');
  assert.equal(document.timedOut, false);
  assert.equal(document.truncated, false);
  assert.ok(document.pid > 1 && document.durationMs > 0);
  assert.equal(document.enforcement.profile, 'offline');
  assert.deepEqual(document.enforcement.filesystem, ['mounts', 'landlock']);
});

test('of one that a signal or the timeout ended', async () => {
  assert.equal((await json('--', 'sh', '-c', 'kill -9 $$')).document.exitCode, null);
  const { document, exitCode } = await json('--timeout', '0.2', '--', 'sleep', '60');
  assert.equal(exitCode, 124);
  assert.equal(document.timedOut, true);
});

test('of one that was not run', async () => {
  for (const [args, exitCode, code] of [
    [['--', 'no-such-program'], 127, 'ENOENT'], [['--', '/'], 126, 'EACCES'], [['--workspace', '/nonexistent', '--', 'true'], 125, 'ProfileError'],
    [['--profile', 'workspace-write', '--workspace', '/', '--', 'true'], 125, 'ProfileError'], [['--policy', 'gone.toml', '--', 'true'], 125, 'PolicyError'],
    [['--profile', 'bogus', '--', 'true'], 2, 'Usage'], [['--bogus', '--', 'true'], 2, 'Usage'], [[], 2, 'Usage'],
  ]) {
    const result = await json(...args);
    assert.equal(result.exitCode, exitCode);
    assert.equal(result.document.error.code, code);
    assert.equal(result.document.error.exitCode, exitCode);
    assert.ok(result.document.error.message);
  }
});

test('only when it is asked for: what stands behind -- is the command\'s', async () => {
  const result = await codex(['exec', '--bogus', '--', 'true', '--json'], { cwd: workspace() });
  assert.deepEqual([result.exitCode, result.stdout], [2, '']);
});

test('of files that are no programs, each by its own error', async () => {
  const folder = workspace();
  writeFileSync(path.join(folder, 'unnamed'), 'echo it ran\n', { mode: 0o755 });
  symlinkSync('circle', path.join(folder, 'circle'));
  for (const [program, code] of [['./unnamed', 'ENOEXEC'], ['./circle', 'ELOOP'], ['x'.repeat(300), 'ENAMETOOLONG']]) {
    const { exitCode, document } = await json('--workspace', folder, '--', program);
    assert.deepEqual([exitCode, document.error.code, document.error.exitCode], [126, code, 126]);
  }
});

test('of output that is no UTF-8', async () => {
  assert.equal((await json('--', 'printf', 'a\\377b')).document.stdout, 'a\ufffdb');
});

test('--denials says which refusals are told', async () => {
  const target = path.join(outside(), 'x');
  const told = async (...options) => {
    const { stdout } = await codex(['exec', ...options, '--json', '--', 'sh', '-c', `: > ${target}`], { cwd: workspace() });
    const { enforcement, denials, hints, exitCode } = JSON.parse(stdout);
    assert.notEqual(exitCode, 0);
    return [enforcement.denials, denials.length, hints.length];
  };
  assert.deepEqual(await told(), ['full', 1, 1]);
  assert.deepEqual(await told('--denials', 'full'), ['full', 1, 1]);
  assert.deepEqual(await told('--denials', 'network'), ['network', 0, 0]);
  assert.deepEqual(await told('--denials', 'off'), ['off', 0, 0]);
});
