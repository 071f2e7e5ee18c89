// The compilers for all platforms, set up once: Debian's Rust with the source of its standard library, which is built for
// each target, and zig as the linker and C compiler of them all.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from '../build.mjs';

/** Where everything that isn't of this machine is kept. */
export const CACHE = path.resolve(process.env.CODEX_BUILD_CACHE ?? path.join(os.homedir(), '.cross-build'));
const VENV = path.join(CACHE, 'venv');
const STUB = path.join(CACHE, 'libnode-stub');

const PACKAGES = ['rustc-web', 'cargo-web', 'rust-web-src', 'llvm', 'patchelf'];
const WHEELS = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1'];

export function setUp() {
  mkdirSync(CACHE, { recursive: true });
  installPackages(PACKAGES);
  if (!existsSync(path.join(VENV, 'bin', 'cargo-zigbuild'))) {
    run('python3', ['-m', 'venv', VENV]);
    run(path.join(VENV, 'bin', 'pip'), ['install', '--quiet', ...WHEELS]);
  }
  stripForApple();
  stubForWindows();
}

/** Installs Debian packages that are missing. */
export function installPackages(packages) {
  if (spawnSync('dpkg', ['-s', ...packages]).status === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['-qq', 'update'], { env });
  run('apt-get', ['-qq', 'install', '--yes', '--no-install-recommends', ...packages], { env });
}

/** rustc strips files for Apple with a program that Debian has under another name. */
function stripForApple() {
  const file = path.join(VENV, 'bin', 'rust-objcopy');
  if (existsSync(file)) return;
  writeFileSync(file, '#!/bin/sh\nexec llvm-objcopy "$@"\n');
  chmodSync(file, 0o755);
}

/** The addon finds Node's functions when it is loaded, but napi's build script wants a library that has them. */
function stubForWindows() {
  mkdirSync(STUB, { recursive: true });
  writeFileSync(path.join(STUB, 'libnode.dll'), '');
  for (const name of ['libnode.a', 'libnode.dll.a', 'node.lib']) writeFileSync(path.join(STUB, name), '!<arch>\n');
}

/** The environment in which `cargo-zigbuild` is that compiler. */
export function environment() {
  return {
    ...process.env,
    PATH: [path.join(VENV, 'bin'), '/usr/bin', process.env.PATH].join(path.delimiter),
    CARGO: '/usr/bin/cargo',
    RUSTC: '/usr/bin/rustc',
    // To build the standard library is not stable; the compiler and the source are of one version.
    RUSTC_BOOTSTRAP: '1',
    LIBNODE_PATH: STUB,
    MACOSX_DEPLOYMENT_TARGET: '11.0',
  };
}
