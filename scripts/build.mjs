// Builds the addon and the launcher of this machine into `npm/<platform>`.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const platformPackage = path.join(root, 'npm', `${process.platform}-${process.arch}`);
const isLinux = process.platform === 'linux';
/** The version of glibc here; none on Alpine. */
const glibc = isLinux ? process.report.getReport().header.glibcVersionRuntime : undefined;
/** The addon as a platform package names it. */
export const addonFile = path.join(platformPackage, 'codex.node');

/** Runs a program of the build with its output shown, and ends this process when it fails. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw new Error(`${program} can't be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

export function build() {
  const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'release');
  run('cargo', ['rustc', '--release', '--locked', '--package', 'codex-node', '--lib', '--', ...addonFlags()]);
  mkdirSync(platformPackage, { recursive: true });
  const library = { darwin: 'libcodex_node.dylib', win32: 'codex_node.dll' }[process.platform] ?? 'libcodex_node.so';
  install(path.join(target, library), addonFile);
  if (!isLinux) return;
  // Static: it runs before, and whatever, the sandbox lets it see. The flag must not reach the addon.
  run('cargo', [
    'rustc', '--release', '--locked', '--package', 'codex-launcher', '--bin', 'codex-launcher',
    '--', '-C', 'target-feature=+crt-static',
  ]);
  install(path.join(target, 'codex-launcher'), path.join(platformPackage, 'codex-launcher'));
}

/** What the addon needs, and what makes it smaller where the linker and the C library of this machine can do it. */
function addonFlags() {
  // For musl, Rust links statically unless told otherwise, which no library that is loaded can be.
  if (isLinux && !glibc) return ['-C', 'target-feature=-crt-static'];
  // From 1.90 on, rustc links with lld here. It keeps one copy of functions that came out the same.
  const [, minor] = /^rustc 1\.(\d+)\./.exec(spawnSync('rustc', ['--version'], { cwd: root, encoding: 'utf8' }).stdout ?? '') ?? [];
  if (`${process.platform}-${process.arch}` !== 'linux-x64' || !(Number(minor) >= 90)) return [];
  // Relocations in the short form, which glibc reads from 2.36 on.
  const [, release] = /^2\.(\d+)/.exec(glibc ?? '') ?? [];
  const short = Number(release) >= 36 ? ['-z,pack-relative-relocs'] : [];
  return ['--icf=all', ...short].map((flag) => `-Clink-arg=-Wl,${flag}`);
}

/** Puts a built file in its place; under a new name first: a process may be running the old one. */
export function install(from, to) {
  copyFileSync(from, `${to}.new`);
  chmodSync(`${to}.new`, 0o755);
  renameSync(`${to}.new`, to);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
