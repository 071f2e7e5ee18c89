// Many runs in one process and one sandbox: no descriptor, no memory, no process may be left of them.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Sandbox } from '../../index.js';

const AT_ONCE = 8;
/** What an idle process may differ by: descriptors, and MiB. */
const [DESCRIPTORS, MEBIBYTES] = [2, 16];
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Runs commands with `workspace`, tells `say` what there is before and after, and returns what is wrong, in sentences. */
export async function manyRuns(runs, workspace, say) {
  const sandbox = new Sandbox({ profile: 'workspace-write', workspace });
  // What is taken for good at first is no leak.
  await together(sandbox, runs / 10);
  const before = await quiet();
  say(`before: ${JSON.stringify(before)}`);
  const start = performance.now();
  await together(sandbox, runs);
  const seconds = (performance.now() - start) / 1000;
  const after = await quiet();
  say(`after ${runs} runs in ${seconds.toFixed(0)} s: ${JSON.stringify(after)}`);
  await sandbox.close();
  return [...worse(before, after), ...left()];
}

async function together(sandbox, runs) {
  let begun = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (begun < runs) {
      const number = begun++;
      if (number % 10 === 0) await streamed(sandbox, number);
      else {
        const { exitCode, stdout } = await sandbox.exec('echo', [String(number)]);
        if (exitCode !== 0 || stdout !== `${number}\n`) throw new Error(`run ${number} ended with ${exitCode} and ${stdout}`);
      }
    }
  }));
}

async function streamed(sandbox, number) {
  const run = sandbox.spawn('cat');
  run.stdin.end(String(number));
  let text = '';
  for await (const chunk of run.stdout) text += chunk;
  const { exitCode } = await run;
  if (exitCode !== 0 || text !== String(number)) throw new Error(`run ${number} ended with ${exitCode} and ${text}`);
}

/** This process and all below it, when nothing runs. */
async function quiet() {
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await sleep(200);
  }
  const [own, ...below] = [process.pid, ...descendants(process.pid)].map((pid) => ({
    name: field(pid, 'Name'), state: field(pid, 'State')[0], descriptors: readdirSync(`/proc/${pid}/fd`).length, mebibytes: Math.round(parseInt(field(pid, 'VmRSS'), 10) / 1024),
  }));
  // What the JavaScript engine keeps for later is nothing that is in use.
  const { heapTotal, heapUsed } = process.memoryUsage();
  own.mebibytes -= Math.round((heapTotal - heapUsed) / 1048576);
  return { ...own, launcher: below[0], processes: below.length, zombies: below.filter(({ state }) => state === 'Z').length };
}

function descendants(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean));
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function field(pid, name) {
  return new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
}

function worse(before, after) {
  const pairs = [['this process', before, after], ['the launcher', before.launcher, after.launcher]];
  return [
    ...pairs.flatMap(([who, then, now]) => [
      ...(now.descriptors > then.descriptors + DESCRIPTORS ? [`${who} has ${now.descriptors} descriptors, ${then.descriptors} before`] : []),
      ...(now.mebibytes > then.mebibytes + MEBIBYTES ? [`${who} has ${now.mebibytes} MiB, ${then.mebibytes} before`] : []),
    ]),
    ...(after.processes > before.processes + AT_ONCE ? [`there are ${after.processes} processes, ${before.processes} before`] : []),
    ...(after.zombies > 0 ? [`there are ${after.zombies} zombies`] : []),
  ];
}

function left() {
  const children = descendants(process.pid);
  return children.length > 0 ? [`there are processes left: ${children.map((pid) => field(pid, 'Name'))}`] : [];
}
