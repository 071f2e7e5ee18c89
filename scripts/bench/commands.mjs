// Commands started from one Node process: a child process of the benchmark, so that heaps don't mix.
// Takes a job as JSON in its argument and prints what it measured as JSON.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import codex from '../../index.js';
import { sampleInRounds, timed } from './statistics.mjs';

const PROGRAM = '/bin/true';
const { AuditLog, Sandbox, exec } = codex;
const QUIET = { stdout: 'ignore', stderr: 'ignore' };

const { measurement, workspace, ...job } = JSON.parse(process.argv[2]);
const offline = new Sandbox({ profile: 'offline', workspace });
const workspaceWrite = new Sandbox({ profile: 'workspace-write', workspace });
const measured = await { latency, oneShot, throughput, audited }[measurement](job);
await Promise.all([offline.close(), workspaceWrite.close()]);
console.log(JSON.stringify(measured));

/** One command after another, with `retainedMebibytes` of buffers alive. */
async function latency({ rounds, retainedMebibytes }) {
  // Filled, so that the memory is really there; global, so that it stays.
  globalThis.retained = Array.from({ length: retainedMebibytes }, () => Buffer.alloc(1024 * 1024, 1));
  const enforcement = [await offline.exec(PROGRAM), await workspaceWrite.exec(PROGRAM)].map((result) => result.enforcement);
  const figures = await sampleInRounds({
    'spawn, pipes': timed(() => spawned('close')),
    'offline, captured': timed(() => sandboxed(offline)),
    'workspace-write, captured': timed(() => sandboxed(workspaceWrite)),
    'spawn, ignored': timed(() => spawned('exit', { stdio: 'ignore' })),
    'offline, ignored': timed(() => sandboxed(offline, QUIET)),
    'workspace-write, ignored': timed(() => sandboxed(workspaceWrite, QUIET)),
  }, { rounds });
  return { figures, residentBytes: process.memoryUsage.rss(), enforcement };
}

/** A sandbox is made for the command and gone at its end. */
async function oneShot({ rounds }) {
  const figures = await sampleInRounds({
    'spawn, pipes': timed(() => spawned('close')),
    'exec, offline': timed(async () => succeeded(await exec(PROGRAM, { profile: 'offline', workspace }))),
    'exec, workspace-write': timed(async () => succeeded(await exec(PROGRAM, { profile: 'workspace-write', workspace }))),
  }, { rounds });
  return { figures };
}

/** Batches of `commands` with and without an audit log: milliseconds each, and the mean CPU time of all processes in microseconds. */
async function audited({ rounds, commands }) {
  const folder = mkdtempSync(path.join(path.dirname(workspace), 'bench-log-'));
  const audit = await AuditLog.open(path.join(folder, 'audit.jsonl'));
  const withLog = new Sandbox({ profile: 'offline', workspace, audit });
  const cpu = {};
  // The kernel counts in hundredths of a second, so that only the sum over all batches says something.
  const batch = (name, sandbox) => async () => {
    const [start, before] = [performance.now(), cpuMicros()];
    for (let count = 0; count < commands; count++) await sandboxed(sandbox);
    const wall = (performance.now() - start) / commands;
    cpu[name] ??= { micros: 0, commands: 0 };
    cpu[name].micros += cpuMicros() - before;
    cpu[name].commands += commands;
    return wall;
  };
  const names = { offline, 'offline, audited': withLog };
  const figures = await sampleInRounds(Object.fromEntries(Object.entries(names).map(([name, sandbox]) => [name, batch(name, sandbox)])), { rounds });
  await withLog.close();
  await audit.close();
  rmSync(folder, { recursive: true, force: true });
  const mean = ({ micros, commands: samples }) => ({ p10: micros / samples, median: micros / samples, samples });
  return { figures, cpu: Object.fromEntries(Object.entries(cpu).map(([name, sum]) => [name, mean(sum)])) };
}

/** Batches of `commands`, of which `concurrency` run at a time; a sample is a batch's commands per second. */
async function throughput({ rounds, commands, concurrency }) {
  const rate = (action) => async () => {
    const start = performance.now();
    let left = commands;
    const worker = async () => {
      while (left-- > 0) await action();
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return (commands * 1000) / (performance.now() - start);
  };
  const figures = await sampleInRounds({
    'spawn, pipes': rate(() => spawned('close')),
    'offline, captured': rate(() => sandboxed(offline)),
    'workspace-write, captured': rate(() => sandboxed(workspaceWrite)),
  }, { rounds, warmUp: 1 });
  return { figures };
}

/** Node's own way; with pipes the output is complete at `close`. */
function spawned(end, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, [], options);
    child.once('error', reject);
    child.once(end, (code) => (code === 0 ? resolve() : reject(new Error(`${PROGRAM} ended with ${code}`))));
  });
}

async function sandboxed(sandbox, options) {
  succeeded(await sandbox.exec(PROGRAM, [], options));
}

function succeeded(result) {
  if (result.exitCode !== 0) throw new Error(`${PROGRAM} ended with ${result.exitCode ?? result.signal}`);
}

/** CPU time so far of this process and all below it, with those that have ended. */
function cpuMicros() {
  const processes = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      // Behind the name, which may hold anything: state, parent, …; times in hundredths of a second.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      return [[Number(pid), { parent: Number(fields[1]), ticks: fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) }]];
    } catch {
      return [];
    }
  }));
  const ours = (pid) => pid === process.pid || (processes.has(pid) && ours(processes.get(pid).parent));
  return [...processes].reduce((sum, [pid, { ticks }]) => sum + (ours(pid) ? ticks * 10_000 : 0), 0);
}
