// The control groups of a sandbox are gone with it, however it ends.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { script, start } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { gone, launchers, ended, started, unusualSleep } from './support/processes.mjs';
import { sandbox } from './support/sandbox.mjs';

const LIMITS = { memory: 1 << 28, processes: 100, cpuTime: 60_000 };

/** The groups that a process made. */
function groupsOf(pid) {
  const points = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(' ')[4]);
  return points.flatMap((point) => below(point)).filter((name) => new RegExp(`^codex-\\d+-${pid}-`).test(path.basename(name)));
}

function below(directory) {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => [path.join(directory, name), ...below(path.join(directory, name))]);
}

test('after the close', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: LIMITS });
  const { enforcement } = await box.exec('true');
  const used = Object.values(enforcement.limits).some(({ by }) => by === 'cgroup');
  assert.equal(groupsOf(process.pid).length > 0, used, 'what is said of control groups is so');
  await box.close();
  assert.deepEqual(groupsOf(process.pid), []);
});

test('after the death of the launcher', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: LIMITS });
  await box.exec('true');
  for (const launcher of launchers(process.pid)) {
    process.kill(launcher, 'SIGKILL');
    await ended(launcher);
  }
  assert.equal((await box.exec('echo', ['again'])).stdout, 'again\n');
  await box.close();
  assert.deepEqual(groupsOf(process.pid), []);
});

test('after the death of Node, at the latest when the next sandbox is made', async (t) => {
  const facts = { seconds: unusualSleep(), folder: workspace(), limits: LIMITS };
  const child = start(script("codex.exec('sleep', [facts.seconds], { workspace: facts.folder, limits: facts.limits });", facts));
  t.after(() => child.kill('SIGKILL'));
  await started(`sleep ${facts.seconds}`);
  const [launcher] = launchers(child.pid);
  child.kill('SIGKILL');
  await gone(`sleep ${facts.seconds}`);
  await ended(launcher);
  await sandbox(t, { profile: 'offline', workspace: workspace(), limits: LIMITS }).exec('true');
  assert.deepEqual(groupsOf(child.pid), []);
});
