// What real work costs in a sandbox: CPU time of the command with all that it starts, of the sandbox's own processes, and of
// the process that asked for it.
// As a program of its own it takes a job as JSON in its argument and prints what it measured as JSON.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { sampleInRounds } from './statistics.mjs';

const THIS = fileURLToPath(import.meta.url);

/** Each prepares a folder, and says what is measured and what that makes, if anything: before every sample it isn't there. */
const WORKLOADS = {
  'git status, 3000 files': {
    prepare: (folder) => {
      files(folder, 3000);
      run('git init -q && git add . && git -c user.name=b -c user.email=b@example.com commit -qm b', folder);
    },
    measured: 'for i in 1 2 3 4 5 6 7 8 9 10; do git status --short; done',
  },
  'npm ci, 1000 files': {
    prepare: (folder) => {
      const names = Array.from({ length: 20 }, (_, number) => `dependency-${number}`);
      for (const name of names) {
        files(path.join(folder, name), 50);
        writeFileSync(path.join(folder, name, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
        run(`npm pack --silent ./${name} && rm -r ${name}`, folder);
      }
      const dependencies = Object.fromEntries(names.map((name) => [name, `file:${name}-1.0.0.tgz`]));
      writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'work', version: '1.0.0', dependencies }));
      run('npm install --silent --offline --no-audit --no-fund --package-lock-only', folder);
    },
    measured: 'npm ci --silent --offline --no-audit --no-fund --no-update-notifier',
    makes: 'node_modules',
  },
  'cargo build': {
    prepare: (folder) => {
      mkdirSync(path.join(folder, 'src'));
      writeFileSync(path.join(folder, 'Cargo.toml'), '[package]\nname = "work"\nversion = "1.0.0"\nedition = "2021"\n[workspace]\n');
      const modules = Array.from({ length: 30 }, (_, number) => `pub mod m${number} { #[derive(Debug, Clone, PartialEq, Eq, Hash)] pub struct S { pub a: Vec<u8>, pub b: String } }`);
      writeFileSync(path.join(folder, 'src', 'main.rs'), `${modules.join('\n')}\nfn main() { println!("{:?}", m0::S { a: vec![1], b: String::new() }); }\n`);
    },
    measured: 'CARGO_TARGET_DIR=target cargo build --quiet --offline',
    makes: 'target',
  },
  'tar x, 2000 files': {
    prepare: (folder) => {
      files(path.join(folder, 'tree'), 2000);
      run('tar cf tree.tar tree && rm -r tree', folder);
    },
    measured: 'tar xf tree.tar',
    makes: 'tree',
  },
  'a storm of 10000 new files': {
    prepare: (folder) => writeFileSync(path.join(folder, 'storm.cjs'),
      'const fs = require("fs"); fs.mkdirSync("storm"); for (let i = 0; i < 10000; i++) fs.closeSync(fs.openSync("storm/" + i, "w"));'),
    measured: 'node storm.cjs',
    makes: 'storm',
  },
};

/** Seconds of CPU time by workload. */
export function working({ workspace, rounds, denials = 'full' }) {
  const figures = {};
  for (const [name, { prepare }] of Object.entries(WORKLOADS)) {
    const folder = path.join(workspace, name.replaceAll(/\W+/g, '-'));
    mkdirSync(folder);
    prepare(folder);
    Object.assign(figures, measure({ name, folder, rounds, denials }));
    rmSync(folder, { recursive: true });
    rmSync(aside(folder), { recursive: true, force: true });
  }
  return figures;
}

function measure(job) {
  const { status, signal, error, stdout } = spawnSync(process.execPath, [THIS, JSON.stringify(job)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`the measurement of ${job.name} ended with ${status ?? signal}`);
  return JSON.parse(stdout);
}

async function compared({ name, folder, rounds, denials }) {
  const { Sandbox } = (await import('../../index.js')).default;
  const sandbox = new Sandbox({ profile: 'workspace-write', workspace: folder, denials });
  const { measured, makes } = WORKLOADS[name];
  let samples = 0;
  mkdirSync(aside(folder));
  // What bash says of the time counts all that it started and waited for.
  const args = ['-c', `TIMEFORMAT='%U %S'; time { ${measured}; }`];
  const sample = (start, processes) => async () => {
    // Moved away, not removed: ext4 searches long for a free inode after many were freed, which would be measured instead.
    const made = makes && path.join(folder, makes);
    if (made && existsSync(made)) renameSync(made, path.join(aside(folder), String(samples++)));
    const [own, theirs] = [process.cpuUsage(), onProcessors(processes())];
    const { code, stdout, stderr } = await start();
    const { user, system } = process.cpuUsage(own);
    const helpers = onProcessors(processes()) - theirs;
    if (code !== 0) throw new Error(`${measured} ended with ${code}: ${stdout}${stderr}`);
    const command = stderr.trim().split('\n').at(-1).split(' ').reduce((sum, seconds) => sum + Number(seconds), 0);
    return command + helpers + (user + system) / 1e6;
  };
  const spawned = async () => {
    const child = spawn('bash', args, { cwd: folder });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code, stdout, stderr };
  };
  const sandboxed = async () => {
    const { exitCode, stdout, stderr } = await sandbox.exec('bash', args, { cwd: folder });
    return { code: exitCode, stdout, stderr };
  };
  await sandbox.exec('true');
  const figures = await sampleInRounds({
    [`${name}, spawn`]: sample(spawned, () => []),
    [`${name}, workspace-write`]: sample(sandboxed, sandboxProcesses),
  }, { rounds, warmUp: 1 });
  await sandbox.close();
  console.log(JSON.stringify(figures));
}

/** Where what earlier samples made is kept until the end. */
function aside(folder) {
  return `${folder}-aside`;
}

/** The launcher, and the first process of each cell. */
function sandboxProcesses() {
  const launchers = children(process.pid);
  return launchers.concat(launchers.flatMap(children));
}

function children(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
}

/** Seconds that processes were on a processor. */
function onProcessors(pids) {
  return pids.reduce((sum, pid) => sum + Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9, 0);
}

function files(folder, count) {
  for (let number = 0; number < count; number++) {
    const directory = path.join(folder, `directory-${Math.floor(number / 50)}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, `file-${number}`), `content of file ${number}\n`.repeat(20));
  }
}

function run(script, cwd) {
  const { status, stderr } = spawnSync('sh', ['-c', script], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`);
}

if (process.argv[1] === THIS) await compared(JSON.parse(process.argv[2]));
