// Sets up all that the tests need in a fresh clone, and runs them all: Rust, the packed package, specs. As root, everything that holds
// a boundary runs a second time as an ordinary user.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, root, run } from './build.mjs';

/** Whoever it is, it owns nothing on the machine. */
const ORDINARY = 61234;
/** What a copy of the package needs to be used from elsewhere. */
const PACKAGE = ['package.json', 'index.js', 'index.d.ts', 'child_process.js', 'child_process.d.ts', 'register.js', 'native.js', 'native-failure.js', 'lib', 'bin', 'npm', 'schemas', 'scripts', '__test__', 'node_modules'];

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
  // The checkout may lie where only root can read: the user gets a copy, and folders of its own.
  const place = mkdtempSync(path.join(os.tmpdir(), 'codex-ordinary-'));
  try {
    chmodSync(place, 0o755);
    const copy = path.join(place, 'package');
    for (const entry of PACKAGE) cpSync(path.join(root, entry), path.join(copy, entry), { recursive: true, verbatimSymlinks: true });
    // Not below the temporary folder of the machine, which a sandbox hides: some tests want to see it from inside.
    const home = mkdtempSync('/var/codex-home-');
    try {
      chownSync(home, ORDINARY, ORDINARY);
      const user = { uid: ORDINARY, gid: ORDINARY };
      step('Rust boundary tests as an ordinary user');
      for (const test of boundaryTests(place)) {
        run(test.file, [], { ...user, cwd: home, env: { ...environment(home), CODEX_TEST_LAUNCHER: test.launcher } });
      }
      step('specs as an ordinary user');
      specs(copy, { ...user, env: environment(home) });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
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

function environment(home) {
  return { PATH: process.env.PATH, HOME: home, CODEX_TEST_ROOT: home, LANG: 'C.UTF-8' };
}

function specs(checkout, options = {}) {
  if (!existsSync(path.join(checkout, '__test__'))) throw new Error('there are no specs');
  run(process.execPath, ['--test', '--test-concurrency=2', '__test__/**/*.spec.mjs'].flatMap((argument) => expand(argument, checkout)),
    { ...options, cwd: checkout });
}

/** Node 20 takes files, not patterns. */
function expand(argument, checkout) {
  if (!argument.includes('*')) return [argument];
  const specs = readdirSync(path.join(checkout, '__test__'), { recursive: true }).filter((name) => name.endsWith('.spec.mjs'));
  return specs.filter(isForThisPlatform).map((name) => path.join('__test__', name)).sort();
}

/** What is in a platform's folder is for it alone; the conformance spec is for all; the rest is written for Linux. */
function isForThisPlatform(spec) {
  const folder = { darwin: 'macos', win32: 'windows' }[process.platform];
  if (folder !== undefined) return spec === 'conformance.spec.mjs' || spec.startsWith(`${folder}${path.sep}`);
  return !/^(macos|windows)\//.test(spec);
}

function step(name) {
  console.log(`\n=== ${name}`);
}
