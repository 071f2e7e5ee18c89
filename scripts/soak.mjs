// Many sandboxes of different policies at once, for minutes: nothing may get lost, nothing may be left, memory stays flat.
// `runs` as its argument: instead many runs in one sandbox, see soak/runs.mjs.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './build.mjs';
import { manyRuns } from './soak/runs.mjs';

const { Sandbox } = createRequire(import.meta.url)('../index.js');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '5' }, sandboxes: { type: 'string', default: '24' }, runs: { type: 'string' } },
});
const PROFILES = ['offline', 'net-read-only', 'workspace-write', 'workspace-net', 'trusted'];
/** How often a sandbox is given up for a new one. */
const RUNS_PER_SANDBOX = 40;
/** Milliseconds until memory is measured first. */
const WARM_UP = 30_000;
/** What the measurements of an idle process may differ by. */
const [DESCRIPTORS, MEBIBYTES] = [4, 24];

const parent = path.join(root, 'target');
mkdirSync(parent, { recursive: true });
const folder = mkdtempSync(path.join(parent, 'soak-'));
if (positionals.includes('runs')) {
  const wrong = await manyRuns(Number(values.runs ?? 100_000), folder, console.log);
  rmSync(folder, { recursive: true, force: true });
  console.log(wrong.length === 0 ? 'nothing left' : wrong.join('\n'));
  process.exit(wrong.length === 0 ? 0 : 1);
}
let runs = 0;
const faults = [];

// What a process takes for good when it is busy for the first time is no leak.
await all(Date.now() + WARM_UP);
const before = await quiet();
console.log(`before: ${text(before)}`);

await all(Date.now() + Number(values.minutes) * 60_000);
const after = await quiet();
console.log(`after ${runs} runs in ${values.minutes} min: ${text(after)}`);

const box = new Sandbox({ profile: 'workspace-write', workspace: folder });
const many = Number(values.runs ?? 10_000);
const wanted = runs + many;
await Promise.all(Array.from({ length: 8 }, async () => {
  while (runs < wanted) {
    runs += 1;
    check((await box.exec('/bin/true')).exitCode, 0, 'one of many runs');
  }
}));
await box.close();
const last = await quiet();
console.log(`after ${many} runs in one sandbox: ${text(last)}`);

for (const [name, now] of Object.entries({ after, last })) {
  check(now.children, 0, `${name}: children`);
  check(now.groups, before.groups, `${name}: control groups`);
  check(now.files, 0, `${name}: files in the folder`);
  if (now.descriptors > before.descriptors + DESCRIPTORS) faults.push(`${name}: ${now.descriptors} descriptors, ${before.descriptors} before`);
  if (now.mebibytes > before.mebibytes + MEBIBYTES) faults.push(`${name}: ${now.mebibytes} MiB, ${before.mebibytes} before`);
}
rmSync(folder, { recursive: true, force: true });
console.log(faults.length === 0 ? 'nothing lost, nothing left' : [...new Set(faults)].join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;

/** Keeps every slot busy until `end`. */
async function all(end) {
  await Promise.all(Array.from({ length: Number(values.sandboxes) }, (_, number) => slot(number, () => Date.now() > end)));
}

/** Runs commands in one sandbox after the other until `done`. */
async function slot(number, done) {
  while (!done()) {
    const profile = PROFILES[number % PROFILES.length];
    const limits = number % 7 === 3 ? { memory: 1 << 30, processes: 500 } : undefined;
    const box = new Sandbox({ profile, workspace: folder, limits });
    for (let run = 0; run < RUNS_PER_SANDBOX && !done(); run++) await once(box, `${number}-${run}`);
    await box.close();
  }
}

async function once(box, word) {
  const seed = Math.floor(Math.random() * 6);
  const [script, options, expected] = [
    [`echo ${word}`, {}, [0, `${word}\n`]],
    ['cat', { input: word.repeat(20_000) }, [0, word.repeat(20_000)]],
    [`(setsid sleep 60 &); echo ${word}`, {}, [0, `${word}\n`]],
    ['exit 3', {}, [3, '']],
    ['sleep 60', { timeout: 20, forceKillAfterDelay: 20 }, [null, '']],
    [`for i in 1 2 3; do (echo ${word} > "\${TMPDIR:-/tmp}/$$"; cat "\${TMPDIR:-/tmp}/$$"; rm "\${TMPDIR:-/tmp}/$$"); done`, {}, [0, `${word}\n`.repeat(3)]],
  ][seed];
  runs += 1;
  const { exitCode, stdout } = await box.exec('sh', ['-c', script], options);
  check(exitCode, expected[0], script);
  check(stdout, expected[1], script);
}

function check(found, right, what) {
  if (found !== right) faults.push(`${what}: ${String(found).slice(0, 80)} instead of ${String(right).slice(0, 80)}`);
}

/** What this process has when nothing runs. */
async function quiet() {
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await sleep(200);
  }
  const status = readFileSync('/proc/self/status', 'utf8');
  const own = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(process.pid);
    } catch {
      return false;
    }
  });
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    mebibytes: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024),
    children: own.length,
    groups: groups(),
    files: readdirSync(folder).length,
  };
}

/** The control groups that this process made and that are left. */
function groups() {
  const points = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => / - cgroup2? /.test(line)).map((line) => line.split(' ')[4]);
  const below = (directory) => {
    try {
      const entries = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      return entries.flatMap(({ name }) => [name, ...below(path.join(directory, name))]);
    } catch {
      return [];
    }
  };
  return points.flatMap(below).filter((name) => name.includes(`-${process.pid}-`)).length;
}

function text(state) {
  return Object.entries(state).map(([name, value]) => `${value} ${name}`).join(', ');
}
