// What the command line says of itself, and of what it doesn't understand.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { CLI, codex } from './support/cli.mjs';
import { PACKAGE, workspace } from './support/places.mjs';

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(path.join(PACKAGE, 'package.json'), 'utf8'));
  for (const option of ['--version', '-V']) {
    const result = await codex([option]);
    assert.deepEqual([result.exitCode, result.stdout, result.stderr], [0, `codex ${version}\n`, '']);
  }
});

test('--help', async () => {
  for (const args of [['--help'], ['-h'], ['help'], ['exec', '--help'], ['profile', '--help'], ['profile', 'explain', '--help'], ['doctor', '--help'], ['completions', '--help']]) {
    const result = await codex(args);
    assert.equal(result.exitCode, 0, args.join(' '));
    assert.match(result.stdout, /Usage: codex/);
    assert.equal(result.stderr, '');
  }
  const { stdout } = await codex(['exec', '--help']);
  for (const word of ['--profile', '--sandbox-mode', '--workspace', '--writable', '--deny-read', '--timeout', '--env', '--enforcement', '--denials', '--json', '124', '125', '126', '127', '128']) {
    assert.ok(stdout.includes(word), word);
  }
});

test('2: a command line that is not understood', async () => {
  for (const [args, word] of [
    [['--bogus'], '--bogus'], [['exec', '--bogus', '--', 'true'], '--bogus'], [['bogus'], 'bogus'], [['exec'], '--'], [['exec', '--profile', 'bogus', '--', 'true'], 'workspace-write'],
    [['exec', '--sandbox-mode', 'offline', '--', 'true'], 'danger-full-access'], [['exec', '--timeout', 'x', '--', 'true'], 'seconds'], [['exec', '--timeout', '0', '--', 'true'], 'seconds'],
    [['exec', '--timeout', '-1', '--', 'true'], '-1'], [['exec', '--profile', 'offline', '--sandbox-mode', 'read-only', '--', 'true'], '--sandbox-mode'], [['exec', 'true'], '--'],
    [['completions', 'bogus'], 'bash'], [['exec', '--enforcement', 'none', '--', 'true'], 'best-effort'], [['exec', '--denials', 'all', '--', 'true'], 'network'], [[], 'Usage'],
  ]) {
    const result = await codex(args, { cwd: workspace() });
    assert.equal(result.exitCode, 2, args.join(' '));
    assert.equal(result.stdout, '', args.join(' '));
    assert.ok(result.stderr.includes(word), `${args.join(' ')}: ${result.stderr}`);
  }
});

test('what an error says to do', async () => {
  for (const [args, tip] of [
    [['exce', '--', 'true'], /a similar subcommand exists: 'exec'/], [['polcy', 'check'], /a similar subcommand exists: 'policy'/], [['exec', 'ls', '-la'], /behind '--': '-- ls'/],
    [['policy', 'check', 'git', 'push'], /behind '--': '-- git'/], [['ls'], /behind '--': '-- ls'/], [['--profile', 'offline', 'exec', '--', 'true'], /put 'exec' in front/],
    [['exec', '--env', '', '--', 'true'], /give K=V/], [['exec', '--env', '=x', '--', 'true'], /give K=V/],
  ]) {
    const result = await codex(args, { cwd: workspace() });
    assert.deepEqual([result.exitCode, result.stdout], [2, ''], args.join(' '));
    assert.match(result.stderr, tip, args.join(' '));
  }
});

test('options of every command stand in front of it too', async () => {
  const cwd = workspace();
  assert.match((await codex(['-v', 'exec', '--', 'true'], { cwd })).stderr, /^codex: profile offline/);
  assert.equal((await codex(['--color', 'never', '--verbose', 'policy', 'check', '--quiet', '--', 'ls'], { cwd })).stdout, 'allow\n');
  assert.match((await codex(['--color=always', 'exec', '--', 'no-such-program'], { cwd })).stderr, /\u001b/);
});

test('a program and its arguments in one word', async () => {
  const result = await codex(['exec', '--', 'ls -la'], { cwd: workspace() });
  assert.equal(result.exitCode, 127);
  assert.match(result.stderr, /words of their own/);
  assert.match((await codex(['exec', '--', './missing'], { cwd: workspace() })).stderr, /\.\/missing \(no such file inside the sandbox\)/);
});

test('a file that is not there is told once', async () => {
  const cwd = workspace();
  const policy = await codex(['exec', '--policy', 'gone.toml', '--', 'true'], { cwd });
  assert.equal(policy.exitCode, 125);
  assert.equal(policy.stderr.split('No such file').length, 2, policy.stderr);
  assert.match((await codex(['audit', 'stats', '--audit-log', 'gone.jsonl'], { cwd })).stderr, /gone\.jsonl can't be read: there is no such log/);
});

test('output that nobody can take', { skip: process.platform === 'win32' }, () => {
  const run = (args, to, shell = '') => spawnSync('sh', ['-c', `"$0" "$@" ${to} ${shell}`, process.execPath, CLI, ...args], { cwd: workspace(), encoding: 'utf8' });
  // A full disk is told in a line, and no success.
  for (const args of [['policy', 'builtin'], ['--version'], ['exec', '--json', '--', 'true']]) {
    const full = run(args, '> /dev/full');
    assert.equal(full.status, 125, args.join(' '));
    assert.match(full.stderr, /^codex: standard output can't be written: ENOSPC[^\n]*\n$/, args.join(' '));
  }
  // One who has seen enough is no error.
  const closed = run(['completions', 'bash'], '|', 'true');
  assert.deepEqual([closed.status, closed.stderr], [0, '']);
});

test('no colours where nobody looks', async () => {
  const result = await codex(['exec', '--bogus']);
  assert.doesNotMatch(result.stderr, /\u001b/);
  assert.doesNotMatch((await codex(['exec', '--', 'no-such-program'], { cwd: workspace() })).stderr, /\u001b/);
  assert.match((await codex(['exec', '--color', 'always', '--', 'no-such-program'], { cwd: workspace() })).stderr, /\u001b/);
});

test('doctor', async () => {
  const text = await codex(['doctor']);
  assert.equal(text.exitCode, 0);
  for (const name of ['namespaces', 'landlock', 'seccomp']) assert.match(text.stdout, new RegExp(`^${name} +present `, 'm'));
  const json = JSON.parse((await codex(['doctor', '--json'])).stdout);
  assert.deepEqual([json.required, json.bestEffort, json.features.length], [true, true, 3]);
});

test('completions', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, exitCode } = await codex(['completions', shell]);
    assert.equal(exitCode, 0);
    assert.ok(stdout.includes('codex') && stdout.includes('sandbox-mode'), shell);
  }
  const { stdout } = await codex(['completions', 'bash']);
  assert.equal(spawnSync('bash', ['-n'], { input: stdout }).status, 0);
  const completed = spawnSync('bash', ['-c', `${stdout}\nCOMP_WORDS=(codex prof); COMP_CWORD=1; _codex codex prof codex; printf '%s\\n' "\${COMPREPLY[@]}"`], { encoding: 'utf8' });
  assert.equal(completed.stdout, 'profile\n', completed.stderr);
});

test('output into a closed pipe ends quietly', () => {
  const { stderr, status } = spawnSync('bash', ['-c', '"$0" "$1" exec -- sh -c "while :; do echo x; done" | head -1; echo "${PIPESTATUS[0]}"', process.execPath, CLI], {
    cwd: workspace(), encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0);
  assert.equal(stderr, '');
});
