// Runs what holds limits by control groups of version 2 on an emulated machine that has them, as root and as an ordinary user
// to whom a part of their tree was given:
//   npm run test:groups
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CACHE, installPackages } from './build-all/toolchain.mjs';
import { addonFile, build, root, run } from './build.mjs';
import { makeSystem, runThere } from './test-platforms/machine.mjs';

const FOLDER = path.join(CACHE, 'runtimes', 'machine-x64');
const SYSTEM = path.join(FOLDER, 'system');
/** Its version is in its name. */
const KERNEL = '^linux-image-6[.]12[.].*-cloud-amd64$';
const LIMIT = 1_200_000;
/** What the specs need there. */
const PACKAGE = ['package.json', 'index.js', 'child_process.js', 'register.js', 'native.js', 'native-failure.js', 'lib', 'bin', 'npm/linux-x64', 'node_modules/@openai', '__test__', 'scripts/test-groups'];

if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the machine is one of x86-64, for what was built on Linux of x86-64');
if (!existsSync(addonFile)) build();
installPackages(['cpio', 'qemu-system-x86']);
if (!existsSync(FOLDER)) setUpMachine();

const folder = mkdtempSync(path.join(os.homedir(), '.codex-groups-'));
try {
  // Ordinary users go there, too.
  chmodSync(folder, 0o755);
  for (const entry of PACKAGE) cpSync(path.join(root, entry), path.join(folder, entry), { recursive: true, verbatimSymlinks: true });
  // There is no compiler there: the probe is built here, where a spec would look for it.
  mkdirSync(path.join(folder, 'probe'));
  const probe = path.join(root, '__test__', 'support', 'probe.mjs');
  execFileSync(process.execPath, [probe], { env: { ...process.env, CODEX_TEST_ROOT: path.join(folder, 'probe') } });
  process.exitCode = runThere(SYSTEM, ['node', 'scripts/test-groups/there.mjs'], folder, LIMIT);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A kernel, a shell, and the Node that runs this, with its libraries and nothing else. */
function setUpMachine() {
  const unfinished = `${FOLDER}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const [kernel] = spawnSync('apt-cache', ['search', '--names-only', KERNEL], { encoding: 'utf8' }).stdout.split(' ');
  if (!kernel) throw new Error('there is no package of a kernel 6.12; the lists of packages are those of another system than Debian 12 or 13');
  run('apt-get', ['-qq', 'download', 'busybox-static', kernel], { cwd: unfinished });
  for (const name of readdirSync(unfinished)) run('dpkg', ['-x', path.join(unfinished, name), path.join(unfinished, 'debian')]);
  const [image] = readdirSync(path.join(unfinished, 'debian', 'boot')).filter((name) => name.startsWith('vmlinuz-'));
  copyFileSync(path.join(unfinished, 'debian', 'boot', image), path.join(unfinished, 'kernel'));
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/(?<=\s)\/\S+/g);
  makeSystem(path.join(unfinished, 'system'), {
    'bin/busybox': path.join(unfinished, 'debian', 'bin', 'busybox'),
    'usr/bin/node': process.execPath,
    ...Object.fromEntries(libraries.map((library) => [library.slice(1), realpathSync(library)])),
  });
  renameSync(unfinished, FOLDER);
}
