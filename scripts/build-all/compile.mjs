// Compiles one row.
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root, run } from '../build.mjs';
import { CACHE, environment } from './toolchain.mjs';

const TARGET = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'all');
const OUTPUT = path.join(CACHE, 'out');

const GLIBC_LOADERS = ['ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1'];

const STANDARD_LIBRARY = [
  '-Zbuild-std=std,panic_unwind',
  // Unwinding, without what puts names to addresses: no backtrace of a stripped file has any.
  '-Zbuild-std-features=panic-unwind,optimize_for_size',
];

/** A panic says the file that it is in, and not the line: each place that names its own takes some fifty bytes. */
const NO_LINES = ['--config', 'build.rustflags=["-Zlocation-detail=file"]'];

/** Where the file of a row is kept. */
export function outputOf(row) {
  return path.join(OUTPUT, row.name);
}

/** Returns the file that was built, or what went wrong. */
export function compile(row) {
  mkdirSync(OUTPUT, { recursive: true });
  const log = path.join(OUTPUT, `${row.name}.log`);
  const file = outputOf(row);
  rmSync(file, { force: true });
  const descriptor = openSync(log, 'w');
  const { status } = spawnSync('cargo-zigbuild', [
    'rustc', '--release', '--locked', '--target', row.glibc ? `${row.target}.${row.glibc}` : row.target, '--target-dir', TARGET,
    ...NO_LINES, ...STANDARD_LIBRARY, ...crate(row),
  ], { cwd: root, env: environment(), stdio: ['ignore', descriptor, descriptor] });
  closeSync(descriptor);
  if (status !== 0) return { problem: `it doesn't compile: ${log}` };
  copyFileSync(path.join(TARGET, row.target, 'release', row.library), `${file}.new`);
  if (row.glibc) leaveOutLoaders(`${file}.new`);
  renameSync(`${file}.new`, file);
  return { file };
}

/**
 * Thread-local variables are found through a function of the dynamic loader. glibc's is there wherever glibc is, whether it is
 * asked for by name or not; under musl there is no library of that name, and the function is there all the same.
 */
function leaveOutLoaders(file) {
  run('patchelf', [...GLIBC_LOADERS.flatMap((name) => ['--remove-needed', name]), file]);
}

function crate({ kind }) {
  if (kind === 'addon') return ['--package', 'codex-node', '--lib'];
  // zig brings what a static program starts with.
  return ['--package', 'codex-launcher', '--bin', 'codex-launcher', '--', '-C', 'target-feature=+crt-static', '-C', 'link-self-contained=no'];
}
