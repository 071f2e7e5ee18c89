// Sets up all that the tests need in a fresh clone, and runs them all: Rust, the packed package, specs. As root, everything that holds
// a boundary runs a second time as an ordinary user.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, root, run } from './build.mjs';
import { inFallback } from './catalogue/fallback.mjs';
import { withOrdinaryUser } from './ordinary-user.mjs';

/** Programs that tests run in a sandbox, and the Debian packages that have them. */
const TOOLS = { bash: 'bash', curl: 'curl', git: 'git', less: 'less', nc: 'netcat-openbsd', python3: 'python3', top: 'procps', wget: 'wget' };

step('programs for the tests');
installTools();

step('JavaScript dependencies');
run('npm', ['ci', '--ignore-scripts']);

step('addon and launcher');
build();

step('Rust tests');
run('cargo', ['test', '--locked', '--workspace']);

step('packed package');
run(process.execPath, ['scripts/test-package.mjs']);

step(`specs as ${os.userInfo().username}`);
specs(root);
specsInFallback(root, os.userInfo().username);

if (process.getuid() === 0) asOrdinaryUser();

/** Installs what is missing, where that can be done; a test that needs it fails otherwise, and names it. */
function installTools() {
  const isMissing = (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0;
  const missing = Object.keys(TOOLS).filter(isMissing);
  if (missing.length === 0 || process.getuid() !== 0 || isMissing('apt-get')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', ...missing.map((tool) => TOOLS[tool])], { env, stdio: 'inherit' });
  if (install().status === 0) return;
  // The lists of packages may be too old, or not there.
  spawnSync('apt-get', ['update'], { env, stdio: 'inherit' });
  install();
}

function asOrdinaryUser() {
  withOrdinaryUser(({ place, checkout, home, options }) => {
    step('Rust boundary tests as an ordinary user');
    for (const test of boundaryTests(place)) {
      run(test.file, [], { ...options, cwd: home, env: { ...options.env, CODEX_TEST_LAUNCHER: test.launcher } });
    }
    step('specs as an ordinary user');
    specs(checkout, options);
    specsInFallback(checkout, 'an ordinary user', options);
  });
}

/** The test programs that run sandboxes, copied to where everybody can run them. */
function boundaryTests(place) {
  const { stdout, status } = spawnSync(
    'cargo', ['test', '--locked', '--package', 'codex-launcher', '--package', 'codex-execpolicy', '--no-run', '--message-format=json'],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  if (status !== 0) process.exit(1);
  const built = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line)).filter((message) => message.executable);
  const launcher = built.find(({ target, profile }) => target.name === 'codex-launcher' && target.kind.includes('bin') && !profile.test);
  const runSandboxes = ({ target }) => target.src_path.includes('/crates/launcher/') || target.name === 'sandbox_escape_tests';
  const tests = built.filter((message) => message.target.kind.includes('test') && runSandboxes(message));
  if (launcher === undefined || tests.length === 0) throw new Error('cargo named no test programs');
  const folder = path.join(place, 'rust');
  mkdirSync(folder);
  const copy = (file) => {
    const to = path.join(folder, path.basename(file));
    cpSync(file, to);
    chmodSync(to, 0o755);
    return to;
  };
  const copied = copy(launcher.executable);
  return tests.map(({ executable }) => ({ file: copy(executable), launcher: copied }));
}

function specs(checkout, options = {}) {
  run(process.execPath, ['--test', '--test-concurrency=2', ...specsIn(checkout, isForThisPlatform)], { ...options, cwd: checkout });
}

/** Those of what comes out otherwise there; `npm run catalogue -- --fallback` has the rest, too. */
function specsInFallback(checkout, user, options = { env: process.env }) {
  if (process.platform !== 'linux') return;
  step(`specs without user namespaces as ${user}`);
  const { file, args, env } = inFallback(checkout, specsIn(checkout, (name) => name.startsWith('fallback/')), options.env);
  run(file, args, { ...options, env, cwd: checkout });
}

/** Node 20 takes files, not patterns. */
function specsIn(checkout, isWanted) {
  const specs = readdirSync(path.join(checkout, '__test__'), { recursive: true }).filter((name) => name.endsWith('.spec.mjs') && isWanted(name));
  if (specs.length === 0) throw new Error('there are no specs');
  return specs.map((name) => path.join('__test__', name)).sort();
}

/** What is in a platform's folder is for it alone; the conformance spec is for all; the rest is written for Linux. */
function isForThisPlatform(spec) {
  const folder = { darwin: 'macos', win32: 'windows' }[process.platform];
  if (folder !== undefined) return spec === 'conformance.spec.mjs' || spec.startsWith(`${folder}${path.sep}`);
  return !/^(macos|windows|fallback)\//.test(spec);
}

function step(name) {
  console.log(`\n=== ${name}`);
}
