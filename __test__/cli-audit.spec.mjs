// `codex exec --audit-log` and `codex audit`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { codex, startCodex } from './support/cli.mjs';
import { lines, newLog, records } from './support/logs.mjs';
import { outside, workspace } from './support/places.mjs';

const exec = (log, ...rest) => codex(['exec', '--workspace', workspace(), '--audit-log', log, ...rest]);
const audit = (verb, log, ...rest) => codex(['audit', verb, '--audit-log', log, ...rest]);

async function sample() {
  const log = newLog();
  assert.equal((await exec(log, '--', 'sh', '-c', 'exit 3')).exitCode, 3);
  assert.equal((await exec(log, '--', 'no-such-program', '--token=hunter2')).exitCode, 127);
  return log;
}

test('a command is recorded, its folder made, its secrets hidden', async () => {
  const log = path.join(outside(), 'new', 'folder', 'audit.jsonl');
  const { exitCode, stderr } = await exec(log, '--', 'true', '--password', 'Hunter2Zq9x');
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr, '');
  const events = lines(log).map((record) => record.event);
  for (const event of ['session.start', 'policy.change', 'exec.decision', 'exec.start', 'exec.exit', 'session.end']) assert.ok(events.includes(event), event);
  assert.doesNotMatch(readFileSync(log, 'utf8'), /Hunter2/);
});

test('--json names the record', async () => {
  const log = newLog();
  const { stdout } = await exec(log, '--json', '--', 'true');
  const [session, seq] = JSON.parse(stdout).auditId.split(':');
  assert.ok(lines(log).some((record) => record.session === session && record.seq === Number(seq) && record.event === 'exec.decision'));
});

test('refused and asked-about commands are recorded, and do not run', async () => {
  const log = newLog();
  const folder = workspace();
  const rules = path.join(outside(), 'rules.toml');
  writeFileSync(rules, '[[rule]]\nid = "no-push"\ncommand = ["git", "push"]\ndecision = "forbid"\nreason = "not here"\nmatch = ["git push"]\nnot_match = ["git pull"]\n');
  const run = (...command) => codex(['exec', '--profile', 'workspace-write', '--workspace', folder, '--audit-log', log, '--policy', rules, '--', ...command]);
  assert.equal((await run('git', 'push')).exitCode, 125);
  assert.equal((await run('rm', 'x')).exitCode, 125);
  const decisions = lines(log).filter((record) => record.event === 'exec.decision');
  assert.deepEqual(decisions.map(({ command, decision, rule }) => [command, decision, rule].slice(0, 2)), [['git push', 'forbid'], ['rm x', 'prompt']]);
  assert.equal(decisions[0].reason.includes('not here'), true);
});

test('--audit alone logs into the state directory, --audit off nowhere', async () => {
  const state = outside();
  const env = { ...process.env, XDG_STATE_HOME: state };
  const run = (...flags) => codex(['exec', '--workspace', workspace(), ...flags, '--', 'true'], { env });
  assert.equal((await run('--audit', 'off')).exitCode, 0);
  assert.equal((await run()).exitCode, 0);
  assert.deepEqual(readdirSync(state), []);
  assert.equal((await run('--audit', 'strict')).exitCode, 0);
  const { exitCode, stdout } = await codex(['audit', 'verify'], { env });
  assert.equal(exitCode, 0);
  assert.ok(JSON.parse(stdout).records > 4);
  assert.equal(statSync(path.join(state, 'codex')).mode & 0o777, 0o700);
});

test('a log that cannot be had refuses the command', async () => {
  const folder = workspace();
  const link = path.join(outside(), 'link');
  symlinkSync('/etc/hosts', link);
  for (const log of [link, '/proc/no/such']) {
    const { exitCode, stderr } = await codex(['exec', '--workspace', folder, '--audit-log', log, '--', 'touch', 'x']);
    assert.equal(exitCode, 125, stderr);
    assert.match(stderr, /audit log/);
  }
  const inside = path.join(folder, 'audit.jsonl');
  const refused = await codex(['exec', '--profile', 'workspace-write', '--workspace', folder, '--audit-log', inside, '--', 'touch', 'x']);
  assert.equal(refused.exitCode, 125);
  assert.match(refused.stderr, /may write/);
  assert.equal(existsSync(inside), false);
  assert.equal(existsSync(path.join(folder, 'x')), false);
});

test('sizes and counts that cannot work are refused', async () => {
  for (const flags of [['--audit-max-bytes', '0'], ['--audit-max-files', '1'], ['--audit', 'loud']]) {
    assert.equal((await exec(newLog(), ...flags, '--', 'true')).exitCode, 2, flags.join(' '));
  }
});

test('rotation keeps every record while there is room', async () => {
  const log = newLog();
  for (let count = 0; count < 6; count++) await exec(log, '--audit-max-bytes', '4000', '--audit-max-files', '200', '--', 'echo', `p_${count}`);
  assert.ok(readdirSync(path.dirname(log)).length > 2);
  assert.equal(records(log).filter((record) => record.event === 'exec.decision').length, 6);
  assert.equal((await audit('verify', log)).exitCode, 0);
});

test('verify ends with 0 only when the log holds', async () => {
  const log = await sample();
  const sound = await audit('verify', log);
  assert.equal(sound.exitCode, 0);
  assert.equal(JSON.parse(sound.stdout).ok, true);
  writeFileSync(log, readFileSync(log, 'utf8').replace('"exit_code":3', '"exit_code":0'));
  const broken = await audit('verify', log);
  assert.equal(broken.exitCode, 1);
  assert.equal(JSON.parse(broken.stdout).firstBad.file, 'audit.jsonl');
  assert.equal((await audit('verify', path.join(outside(), 'none'))).exitCode, 125);
});

test('a checkpoint is printed and finds a cut end', async () => {
  const log = await sample();
  const kept = path.join(outside(), 'checkpoint');
  const { stdout, exitCode } = await audit('checkpoint', log);
  assert.equal(exitCode, 0);
  writeFileSync(kept, stdout);
  assert.equal((await audit('verify', log, '--checkpoint', kept)).exitCode, 0);
  const whole = readFileSync(log, 'utf8').trimEnd().split('\n');
  writeFileSync(log, `${whole.slice(0, -3).join('\n')}\n`);
  assert.equal((await audit('verify', log)).exitCode, 0);
  assert.equal((await audit('verify', log, '--checkpoint', kept)).exitCode, 1);
});

test('query prints the records that fit, one JSON line each', async () => {
  const log = await sample();
  const { stdout } = await codex(['audit', 'query', 'event = exec.exit and exit_code != 0', '--audit-log', log]);
  const found = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(found.map((record) => record.exit_code), [3, undefined]);
  const bad = await codex(['audit', 'query', 'event = = x', '--audit-log', log]);
  assert.equal(bad.exitCode, 125);
  assert.equal((await codex(['audit', 'query', 'event', '--since', 'soon', '--audit-log', log])).exitCode, 125);
});

test('stats, sessions, exports and the report', async () => {
  const log = await sample();
  assert.equal(JSON.parse((await audit('stats', log)).stdout).failed, 2);
  assert.equal(JSON.parse((await audit('sessions', log)).stdout).length, 2);
  for (const format of ['ocsf', 'ecs', 'otlp']) {
    (await audit('export', log, '--format', format)).stdout.trim().split('\n').forEach((line) => JSON.parse(line));
  }
  assert.match((await audit('export', log, '--format', 'csv')).stdout, /^[a-z_,]+\n/);
  const page = (await audit('report', log)).stdout;
  assert.match(page, /<svg/);
  assert.doesNotMatch(page, /<script|https?:|hunter2/);
});

test('tail prints the last, and follows', async () => {
  const log = await sample();
  const last = (await audit('tail', log, '-n', '2')).stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(last.length, 2);
  const following = startCodex(['audit', 'tail', '-f', '-n', '0', '--audit-log', log]);
  let text = '';
  following.stdout.on('data', (data) => (text += data));
  await new Promise((resolve) => setTimeout(resolve, 500));
  // It goes on after it was suspended.
  following.kill('SIGCONT');
  await exec(log, '--', 'echo', 'later');
  const deadline = Date.now() + 20_000;
  while (!text.includes('"later"') && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.match(text, /"later"/);
  following.kill('SIGTERM');
  const [exitCode] = await once(following, 'close');
  assert.equal(exitCode, 143);
});

test('a reader that has seen enough is no error', async () => {
  const log = newLog();
  for (let count = 0; count < 3; count++) await exec(log, '--', 'true');
  for (const verb of [['query', 'event'], ['export', '--format', 'csv'], ['export', '--format', 'ocsf'], ['stats'], ['report']]) {
    const child = startCodex(['audit', ...verb, '--audit-log', log]);
    child.stdout.destroy();
    let text = '';
    child.stderr.on('data', (part) => { text += part; });
    const [exitCode] = await once(child, 'close');
    assert.deepEqual([exitCode, text], [0, ''], verb.join(' '));
  }
});

test('output that cannot be written is an error of its own, whatever the answer was', async () => {
  const log = newLog();
  assert.equal((await exec(log, '--', 'true')).exitCode, 0);
  const full = openSync('/dev/full', 'w');
  for (const verb of [['verify'], ['stats'], ['query', 'event'], ['export', '--format', 'csv']]) {
    const child = startCodex(['audit', ...verb, '--audit-log', log], { stdio: ['ignore', full, 'pipe'] });
    let text = '';
    child.stderr.on('data', (part) => { text += part; });
    const [exitCode] = await once(child, 'close');
    assert.equal(exitCode, 125, verb.join(' '));
    assert.match(text, /^codex: .*(no space left|ENOSPC)/i);
    assert.equal(text.trimEnd().split('\n').length, 1, text);
  }
  closeSync(full);
});
