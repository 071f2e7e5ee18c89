// Much output to a consumer in JavaScript: what it costs Node's process, in CPU time and in memory.
// As a program of its own it takes a job as JSON in its argument and prints what it measured as JSON, so that heaps don't mix.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sampleInRounds } from './statistics.mjs';

const THIS = fileURLToPath(import.meta.url);
const BYTES = 2_000_000_000;
const PROGRAM = ['head', ['-c', String(BYTES), '/dev/zero']];
const STDIO = ['ignore', 'pipe', 'ignore'];

/** Seconds of CPU time a gigabyte, and the largest memory in megabytes. */
export async function streaming({ rounds, workspace }) {
  const memory = {};
  const sample = (name, kind) => () => {
    const { cpu, peak } = measure({ kind, workspace });
    memory[name] = Math.max(memory[name] ?? 0, peak);
    return cpu;
  };
  const figures = await sampleInRounds({ 'spawn, stdout': sample('spawn, stdout', 'node'), 'offline, stdout': sample('offline, stdout', 'sandbox') }, { rounds, warmUp: 1 });
  return { figures, memory: Object.fromEntries(Object.entries(memory).map(([name, peak]) => [name, { p10: peak, median: peak, samples: rounds + 1 }])) };
}

function measure(job) {
  const { status, signal, error, stdout } = spawnSync(process.execPath, [THIS, JSON.stringify(job)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`the measurement of streams ended with ${status ?? signal}`);
  return JSON.parse(stdout);
}

async function consume({ kind, workspace }) {
  const { Sandbox } = (await import('../../index.js')).default;
  const sandbox = new Sandbox({ workspace });
  await sandbox.exec('true');
  const before = process.cpuUsage();
  const run = kind === 'node' ? spawn(...PROGRAM, { stdio: STDIO }) : sandbox.spawn(...PROGRAM, { stdio: STDIO });
  let bytes = 0;
  run.stdout.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await once(run, 'close');
  const { user, system } = process.cpuUsage(before);
  if (bytes !== BYTES) throw new Error(`${bytes} bytes came`);
  await sandbox.close();
  console.log(JSON.stringify({ cpu: (user + system) / 1e6 / (BYTES / 1e9), peak: process.resourceUsage().maxRSS / 1024 }));
}

if (process.argv[1] === THIS) await consume(JSON.parse(process.argv[2]));
