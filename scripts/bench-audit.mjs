// What a record of the audit log costs, next to what general loggers take for the same objects without a chain.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { atLeast } from './bench/bars.mjs';
import { LOGGERS, event } from './bench/loggers.mjs';
import { machine } from './bench/machine.mjs';
import { toText } from './bench/report.mjs';
import { compare, sampleInRounds } from './bench/statistics.mjs';
import { addonFile, build, root } from './build.mjs';

/** What a sandbox appends for its runs never goes through JavaScript. */
const RECORDS_OF_RUNS = 'audit log, records of runs';
const LOGGER = path.join(root, 'scripts', 'bench', 'loggers.mjs');
const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, records: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '7' } },
});
const records = Number(options.records);
if (!existsSync(addonFile)) build();
const engine = engineProgram();
const parent = path.join(root, 'target');
mkdirSync(parent, { recursive: true });
const folder = mkdtempSync(path.join(parent, 'bench-audit-'));
try {
  const events = path.join(folder, 'events.jsonl');
  writeFileSync(events, Array.from({ length: records }, (_, at) => `${JSON.stringify(event(at))}\n`).join(''));
  const loadBefore = os.loadavg()[0];
  const inJavaScript = Object.keys(LOGGERS).map((name) => [name, () => rate(process.execPath, [LOGGER, JSON.stringify({ name, records, file: fresh() })])]);
  const figures = await sampleInRounds({
    [RECORDS_OF_RUNS]: () => rate(engine, [events, fresh()]),
    ...Object.fromEntries(inJavaScript),
  }, { rounds: Number(options.rounds), warmUp: 1 });
  const ratio = (name, against) => figures[name].median / figures[against].median;
  const results = {
    version: JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version,
    machine: machine(loadBefore),
    groups: [{ name: 'records', title: 'records per second of CPU time', unit: 'all threads', figures: compare(figures, () => 'pino, sync') }],
    bars: ['pino, async', 'pino, sync', 'winston'].map((against) => atLeast(`records of runs, of ${against}`, 4, ratio(RECORDS_OF_RUNS, against))),
  };
  console.log(options.json ? JSON.stringify(results, null, 2) : toText(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Each logger gets a file that isn't there. */
function fresh() {
  return path.join(mkdtempSync(path.join(folder, 'log-')), 'log.jsonl');
}

/** Records per second of CPU time, as a process of its own measures it. */
function rate(program, args) {
  const { status, signal, error, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status ?? signal}`);
  const measured = JSON.parse(stdout);
  if (measured.records !== records) throw new Error(`${measured.records} records were written`);
  return (records / measured.cpuMicros) * 1e6;
}

/** The benchmark of the crate, built like the addon. */
function engineProgram() {
  const { status, error, stdout } = spawnSync('cargo', ['bench', '--locked', '--package', 'codex-audit', '--bench', 'append', '--no-run', '--message-format=json'], {
    cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  const built = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return built.find(({ target, executable }) => target?.name === 'append' && executable).executable;
}
