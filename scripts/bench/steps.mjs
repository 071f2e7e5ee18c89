// Where the time of one command goes: microseconds from step to step of `exec('/bin/true')` in a sandbox that stands.
//
//   node scripts/bench/steps.mjs [--profile NAME] [--runs N]
//
// The kernel's own tracepoints are read with `perf`, as root: nothing in the product measures itself. Two calls that do nothing
// mark in the trace where JavaScript begins and where it has the result. Tracing makes everything a little slower.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quantile } from './statistics.mjs';

const THIS = fileURLToPath(import.meta.url);
const PROGRAM = '/bin/true';
const CALLS = ['enter_getuid', 'enter_getgid', 'enter_sendmsg', 'exit_sendmsg', 'exit_recvmsg', 'enter_execveat',
  'enter_exit_group', 'enter_write', 'enter_clone', 'exit_wait4'];
const EVENTS = [...CALLS.map((call) => `syscalls:sys_${call}`), 'sched:sched_process_exec'];

/** Each step ends with the first event of that kind, of a process of that name, after the step before. */
const STEPS = [
  ['JavaScript checks the call; the addon makes pipes and the request', 'node', 'sys_enter_sendmsg'],
  ['the request is sent', 'node', 'sys_exit_sendmsg'],
  ['the init of a cell wakes up and has it', 'codex-launcher', 'sys_exit_recvmsg'],
  ['it lays it out and makes a process', 'codex-launcher', 'sys_enter_clone'],
  ['which puts its streams, session, limits in place', 'codex-launcher', 'sys_enter_execveat'],
  ['the kernel executes the program', 'true', 'sched_process_exec'],
  ['the program: dynamic linking, main', 'true', 'sys_enter_exit_group'],
  ['its memory goes; the init wakes up and reaps it', 'codex-launcher', 'sys_exit_wait4'],
  ['the init looks whether anything is left', 'codex-launcher', 'sys_enter_sendmsg'],
  ['the engine wakes up and has the reply', 'codex', 'sys_exit_recvmsg'],
  ['it takes the output and makes the report', 'codex', 'sys_enter_write'],
  ['Node wakes up, JavaScript makes the result', 'node', 'sys_enter_getgid'],
];

const { values: options } = parseArgs({
  options: { profile: { type: 'string', default: 'workspace-write' }, runs: { type: 'string', default: '300' }, inner: { type: 'boolean', default: false } },
});
if (options.inner) await run();
else measure();

async function run() {
  const { Sandbox } = createRequire(import.meta.url)('../../index.js');
  const folder = mkdtempSync(path.join(os.homedir(), 'codex-steps-'));
  const sandbox = new Sandbox({ profile: options.profile, workspace: folder });
  for (let turn = 0; turn < Number(options.runs); turn++) {
    process.getuid();
    const { exitCode } = await sandbox.exec(PROGRAM);
    process.getgid();
    if (exitCode !== 0) throw new Error(`${PROGRAM} ended with ${exitCode}`);
    await sleep(2);
  }
  await sandbox.close();
  rmSync(folder, { recursive: true });
}

function measure() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'codex-steps-'));
  const file = path.join(folder, 'perf.data');
  try {
    const inner = [process.execPath, THIS, '--inner', '--profile', options.profile, '--runs', options.runs];
    perf('record', '--quiet', '-a', '-k', 'CLOCK_MONOTONIC', '-m', '4096', '-o', file, ...EVENTS.flatMap((event) => ['-e', event]), '--', ...inner);
    const runs = runsOf(events(perf('script', '-i', file, '-F', 'comm,time,event', '--ns')));
    if (runs.length === 0) throw new Error('no command was traced from its start to its end');
    report(runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function perf(...args) {
  const { status, error, stdout, stderr } = spawnSync('perf', args, { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (error?.code === 'ENOENT') throw new Error('perf is not here; on Debian: apt-get install linux-perf');
  if (error) throw error;
  if (status !== 0) throw new Error(`perf ${args[0]}: ${stderr}`);
  return stdout;
}

function events(script) {
  return script.split('\n').flatMap((line) => {
    const [, command, time, event] = /^\s*(.+?)\s+(\d+\.\d+):\s+(?:\w+:)?(\w+):/.exec(line) ?? [];
    return event === undefined ? [] : [{ command, event, at: Number(time) * 1e6 }];
  }).sort((a, b) => a.at - b.at);
}

/** For each command the microseconds of its steps. */
function runsOf(all) {
  const starts = all.flatMap(({ command, event }, index) => (command === 'node' && event === 'sys_enter_getuid' ? [index] : []));
  return starts.slice(20).flatMap((start) => {
    let index = start;
    const steps = STEPS.map(([, command, event]) => {
      const before = all[index].at;
      const next = all.findIndex((other, place) => place > index && other.event === event && other.command === command);
      if (next < 0) return NaN;
      index = next;
      return all[next].at - before;
    });
    return steps.some(Number.isNaN) ? [] : [steps];
  });
}

function report(runs) {
  const rows = STEPS.map(([name], step) => [name, ...[0.1, 0.5].map((share) => quantile(runs.map((steps) => steps[step]), share))]);
  const totals = runs.map((steps) => steps.reduce((sum, step) => sum + step));
  rows.push(['all of it', ...[0.1, 0.5].map((share) => quantile(totals, share))]);
  console.log(`${runs.length} runs of ${PROGRAM}, ${options.profile}; load ${os.loadavg()[0].toFixed(1)}; µs\n`);
  console.log(['step'.padEnd(68), 'p10'.padStart(6), 'median'.padStart(8)].join(''));
  for (const [name, p10, median] of rows) console.log([name.padEnd(68), p10.toFixed(0).padStart(6), median.toFixed(0).padStart(8)].join(''));
}
