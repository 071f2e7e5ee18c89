'use strict';
// Loads the addon of this platform: from the package that npm installed for it, or, in a checkout, from `npm/`.
//
// It starts no program, and no environment variable makes it load something else. What goes wrong is put into words by
// `native-failure.js`, which is read only then.
const { closeSync, existsSync, openSync, readSync, realpathSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { version } = require('./package.json');

const SUPPORTED = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64'];
const platform = `${process.platform}-${process.arch}`;
const name = `@openai/codex-${platform}`;
/** Bundlers give the modules in a bundle no file of their own. */
const isBundled = !('filename' in module);

// How often a file is tried again that another program has locked, and the milliseconds between.
const ATTEMPTS = 20;
const PAUSE = 50;

module.exports = load();

function load() {
  const directory = unpacked(findPackage());
  const file = path.join(directory, 'codex.node');
  if (isCutShort(file)) throw failure('cutShort', { file });
  const addon = requireAddon(file);
  const launcher = path.join(directory, 'codex-launcher');
  // On Linux the package may be updated while this process goes on, and each version speaks with its own launcher alone.
  addon.holdLauncher?.(launcher);
  return { addon, launcher };
}

/** The folder of the platform package. */
function findPackage() {
  if (!SUPPORTED.includes(platform)) throw failure('unsupported');
  // In a program that is a single file, `require` knows Node's own modules alone.
  if (typeof require.resolve !== 'function') throw failure('bundled');
  let manifest;
  try {
    manifest = findManifest();
  } catch (cause) {
    // Anything but "not there" is an error of its own, which must not be hidden.
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    if (isBundled) throw failure('bundled', { cause });
    const built = path.join(__dirname, 'npm', platform);
    if (existsSync(built)) return built;
    throw failure('notInstalled', { cause });
  }
  const found = require(manifest).version;
  if (found !== version) throw failure('otherVersion', { found, version, file: manifest });
  return path.dirname(manifest);
}

/** Its manifest: as it is seen from here, or, where Node keeps links as they are, from where this file really lies. */
function findManifest() {
  try {
    return require.resolve(`${name}/package.json`);
  } catch (cause) {
    const file = isBundled ? undefined : realpathSync(__filename);
    if (file === undefined || file === __filename) throw cause;
    return createRequire(file).resolve(`${name}/package.json`);
  }
}

/** Programs and addons can't be used from inside an archive of Electron's: packers put them beside it. */
function unpacked(directory) {
  const beside = directory.replace(/([\\/])app\.asar(?=[\\/])/, '$1app.asar.unpacked');
  if (beside === directory || existsSync(beside)) return beside;
  if (process.versions.electron) throw failure('packed', { file: directory });
  return directory;
}

/** Whether the end of an ELF file is missing. Loading it would end the process: what it maps isn't there. */
function isCutShort(file) {
  if (process.platform !== 'linux') return false;
  const header = headOf(file, 64);
  if (header?.length !== 64 || header.readUInt32BE(0) !== 0x7f454c46) return false;
  // The table of sections comes last: where it begins, the size of an entry, the number of entries.
  const last = Number(header.readBigUInt64LE(0x28)) + header.readUInt16LE(0x3a) * header.readUInt16LE(0x3c) - 1;
  return headOf(file, 1, last)?.length === 0;
}

/** A part of a file; undefined where it can't be read, which whoever needs the file whole says better. */
function headOf(file, length, position = 0) {
  let descriptor;
  try {
    descriptor = openSync(file, 'r');
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function requireAddon(file) {
  // On Windows a scanner may hold a file that is new. It may have let go of it since it was in the way.
  let mayBeLocked = process.platform === 'win32';
  for (let left = ATTEMPTS; ; left -= 1) {
    try {
      return require(file);
    } catch (cause) {
      if (!mayBeLocked || left === 0) throw failure('notLoaded', { cause, file });
      mayBeLocked = isLocked(file);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}

function isLocked(file) {
  try {
    closeSync(openSync(file, 'r'));
    return false;
  } catch ({ code }) {
    return code === 'EBUSY' || code === 'EPERM' || code === 'EACCES';
  }
}

function failure(kind, facts = {}) {
  return require('./native-failure.js').failure(kind, { ...facts, name, platform, supported: SUPPORTED });
}
