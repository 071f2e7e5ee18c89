// What a sandboxed command costs, next to what Node alone costs in the same run.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { judge } from './bench/bars.mjs';
import { machine } from './bench/machine.mjs';
import { commandLine, importing, requiring, sizes } from './bench/programs.mjs';
import { toText } from './bench/report.mjs';
import { compare } from './bench/statistics.mjs';
import { streaming } from './bench/streams.mjs';
import { working } from './bench/work.mjs';
import { addonFile, build, root } from './build.mjs';

const COMMANDS = path.join(root, 'scripts', 'bench', 'commands.mjs');

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
if (!existsSync(addonFile)) build();
const results = await measureAll();
console.log(options.json ? JSON.stringify(results, null, 2) : toText(results));

async function measureAll() {
  const parent = path.join(root, 'target');
  mkdirSync(parent, { recursive: true });
  const workspace = mkdtempSync(path.join(parent, 'bench-'));
  const loadBefore = os.loadavg()[0];
  try {
    progress('commands at a small heap');
    const small = measure({ measurement: 'latency', workspace, rounds: 400, retainedMebibytes: 0 });
    progress('commands at a large heap');
    const large = measure({ measurement: 'latency', workspace, rounds: 150, retainedMebibytes: 1536 });
    progress('one-shot exec');
    const oneShot = measure({ measurement: 'oneShot', workspace, rounds: 150 });
    progress('commands per second');
    const throughput = measure({ measurement: 'throughput', workspace, rounds: 10, commands: 300, concurrency: 8 });
    progress('the audit log');
    const audited = measure({ measurement: 'audited', workspace, rounds: 60, commands: 50 });
    progress('real work');
    const work = working({ workspace, rounds: 9 });
    progress('streams');
    const streams = await streaming({ workspace, rounds: 6 });
    progress('the command line');
    const cli = await commandLine({ workspace, rounds: 40 });
    progress('loading');
    const load = await importing({ workspace, rounds: 40 });
    const required = await requiring({ workspace, rounds: 20 });

    const groups = [
      {
        name: 'smallHeap', title: '/bin/true, one after another, small heap', unit: 'ms', residentBytes: small.residentBytes,
        figures: compare(small.figures, streamsOf),
      },
      {
        name: 'largeHeap', title: '/bin/true, one after another, 1.5 GiB of buffers retained', unit: 'ms',
        residentBytes: large.residentBytes, figures: compare(large.figures, streamsOf),
      },
      {
        name: 'oneShot', title: '/bin/true in a new sandbox each time', unit: 'ms',
        figures: compare(oneShot.figures, () => 'spawn, pipes'),
      },
      {
        name: 'throughput', title: '/bin/true, 8 at a time', unit: 'per second',
        figures: compare(throughput.figures, () => 'spawn, pipes'),
      },
      {
        name: 'audited', title: '/bin/true with an audit log', unit: 'ms',
        figures: compare(audited.figures, () => 'offline'),
      },
      {
        name: 'auditedCpu', title: '/bin/true with an audit log, mean CPU time of all processes', unit: 'µs',
        figures: compare(audited.cpu, () => 'offline'),
      },
      {
        name: 'work', title: 'real work', unit: 's of CPU time',
        figures: compare(work, (name) => `${name.slice(0, name.lastIndexOf(','))}, spawn`),
      },
      {
        name: 'streams', title: '2 GB of output to JavaScript', unit: 's of CPU time a GB',
        figures: compare(streams.figures, () => 'spawn, stdout'),
      },
      {
        name: 'streamsMemory', title: '2 GB of output to JavaScript, largest memory', unit: 'MB',
        figures: compare(streams.memory, () => 'spawn, stdout'),
      },
      { name: 'commandLine', title: 'command line, whole processes', unit: 'ms', figures: compare(cli, () => 'node -e 0') },
      {
        name: 'import', title: 'loading the package, whole processes', unit: 'ms',
        figures: compare(load, () => 'an empty script'),
      },
      { name: 'require', title: 'loading the package, require alone', unit: 'ms', figures: compare(required, () => undefined) },
    ];
    const files = sizes();
    return {
      version: JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version,
      machine: machine(loadBefore),
      enforcement: small.enforcement,
      groups,
      ratios: groups.flatMap((group) => Object.entries(group.figures)
        .filter(([, figure]) => figure.ratio !== undefined)
        .map(([name, figure]) => ({ group: group.name, name, against: figure.against, ...figure.ratio }))),
      files,
      bars: judge(groups, files),
    };
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

/** Measures in a process of its own. */
function measure(job) {
  const { status, signal, error, stdout } = spawnSync(process.execPath, [COMMANDS, JSON.stringify(job)], {
    encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`the measurement ${job.measurement} ended with ${status ?? signal}`);
  return JSON.parse(stdout);
}

/** Node with the same streams. */
function streamsOf(name) {
  return name.endsWith('ignored') ? 'spawn, ignored' : 'spawn, pipes';
}

function progress(what) {
  if (process.stderr.isTTY) console.error(`measuring ${what} ...`);
}
