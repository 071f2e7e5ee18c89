// `codex exec` runs a command under a profile, with the streams of the caller.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { codex } from './support/cli.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';

test('offline, in the current folder, by default', async () => {
  const folder = workspace();
  const result = await codex(['exec', '--', 'sh', '-c', 'pwd; echo x > new; exit 5'], { cwd: folder });
  assert.equal(result.stdout, `${folder}\n`);
  assert.equal(result.exitCode, 5);
  assert.equal(existsSync(path.join(folder, 'new')), false);
});

const WRITES = {
  '--profile': ['exec', '--profile', 'workspace-write'], '--profile, its alias': ['exec', '--profile=workspace'], '--sandbox-mode': ['exec', '--sandbox-mode', 'workspace-write'],
  'the short form': ['--profile', 'workspace-write'], 'the short form, with a mode': ['--sandbox-mode', 'workspace-write'],
};

for (const [name, options] of Object.entries(WRITES)) {
  test(name, async () => {
    const [folder, base] = [workspace(), outside()];
    const before = snapshot(base);
    const result = await codex([...options, '--', 'sh', '-c', `echo x > new; echo x > ${base}/new; echo done`], { cwd: folder });
    assert.equal(result.stdout, 'done\n');
    assert.equal(result.exitCode, 0);
    assert.equal(readFileSync(path.join(folder, 'new'), 'utf8'), 'x\n');
    assert.equal(snapshot(base), before);
  });
}

test('the other modes', async () => {
  const folder = workspace();
  const write = (mode, name) => codex(['exec', '--sandbox-mode', mode, '--workspace', folder, '--', 'touch', name]);
  assert.equal((await write('read-only', 'one')).exitCode, 1);
  assert.equal(existsSync(path.join(folder, 'one')), false);
  assert.equal((await write('danger-full-access', 'two')).exitCode, 0);
  assert.ok(existsSync(path.join(folder, 'two')));
});

test('--workspace, --writable and --deny-read', async () => {
  const [folder, extra, base] = [workspace(), workspace(), outside()];
  writeFileSync(path.join(base, 'secret'), 'the secret content');
  writeFileSync(path.join(folder, 'other'), 'the secret content');
  const result = await codex(['exec', '--profile', 'workspace-write', '--workspace', folder, '--writable', extra, '--deny-read', path.join(base, 'secret'), '--deny-read', 'other', '--',
    'sh', '-c', `pwd; cat ${base}/secret other; echo x > ${extra}/new; echo x > new`]);
  assert.equal(result.stdout, `${folder}\n`);
  assert.ok(existsSync(path.join(extra, 'new')));
  assert.ok(existsSync(path.join(folder, 'new')));
});

test('standard input and output pass through, byte for byte', async () => {
  const input = randomBytes(3_000_000);
  const result = await codex(['exec', '--', 'cat'], { cwd: workspace(), input });
  assert.ok(result.bytes.equals(input));
  assert.equal((await codex(['exec', '--', 'sh', '-c', 'echo err >&2'], { cwd: workspace() })).stderr, 'err\n');
});

test('--env sets a variable, or lets one through', async () => {
  const show = ['--', 'sh', '-c', 'echo "${SET-absent},${EMPTY-absent},${FOO_TOKEN-absent},${BAR_TOKEN-absent},${NOT_THERE-absent}"'];
  const env = { ...process.env, FOO_TOKEN: 'foo', BAR_TOKEN: 'bar' };
  const result = await codex(['exec', '--env', 'SET=a=b c', '--env', 'EMPTY=', '--env', 'FOO_TOKEN', '--env', 'NOT_THERE', ...show], { cwd: workspace(), env });
  assert.equal(result.stdout, 'a=b c,,foo,absent,absent\n');
});

test('options after -- belong to the command', async () => {
  const result = await codex(['exec', '--', 'echo', '--json', '--', '--profile', 'trusted', '-v'], { cwd: workspace() });
  assert.equal(result.stdout, '--json -- --profile trusted -v\n');
});

test('-v says what was enforced', async () => {
  const result = await codex(['exec', '-v', '--', 'echo', 'x'], { cwd: workspace() });
  assert.equal(result.stdout, 'x\n');
  assert.match(result.stderr, /profile offline, files mounts and landlock, network private-loopback, processes pid-namespace/);
});
