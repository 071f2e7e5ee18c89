// On the machine, as its root: gives each user a part of the tree, as a service manager does, and runs the specs there.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const TREE = '/sys/fs/cgroup';
const CONTROLLERS = '+cpu +memory +pids';
const SPECS = ['__test__/limit-memory.spec.mjs', '__test__/limit-processes.spec.mjs', '__test__/limit-cpu-time.spec.mjs', '__test__/limit-groups-end.spec.mjs'];
const USERS = { root: 0, 'ordinary-user': 61234 };

chmodSync('/root', 0o755);
hand(TREE);
for (const [name, id] of Object.entries(USERS)) {
  const part = path.join(TREE, name);
  const session = path.join(part, 'session');
  for (const group of [part, session]) mkdirSync(group);
  hand(part);
  // What a service manager hands over: the directories, and the files by which processes are moved and controllers given on.
  for (const group of [part, session]) {
    for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']) chownSync(path.join(group, file), id, id);
  }
  run(name, id, session, { CODEX_TEST_GROUPS: 'given' }, ['scripts/test-groups/held.spec.mjs', ...SPECS]);
  const left = readdirSync(part, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'session');
  if (left.length > 0) throw new Error(`control groups were left: ${left.map((entry) => entry.name)}`);
}
const closed = path.join(TREE, 'closed');
mkdirSync(closed);
run('ordinary user without control groups', USERS['ordinary-user'], closed, { CODEX_TEST_GROUPS: 'missing' }, ['scripts/test-groups/held.spec.mjs', ...SPECS]);

/** Lets the groups below one have controllers. */
function hand(group) {
  writeFileSync(path.join(group, 'cgroup.subtree_control'), CONTROLLERS);
}

function run(name, id, session, more, specs) {
  console.log(`\n=== as ${name}`);
  const home = path.resolve('probe');
  chownSync(home, id, id);
  writeFileSync(path.join(session, 'cgroup.procs'), '0');
  const env = { ...process.env, HOME: home, CODEX_TEST_ROOT: home, ...more };
  const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...specs], { uid: id, gid: id, env, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
