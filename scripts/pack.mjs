// Packs packages as they are published: `node scripts/pack.mjs FOLDER [PLATFORM…]`. The files of `lib/` become one: a package of
// few files installs faster.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { root } from './build.mjs';
import { notices } from './notices.mjs';

const ROOT_LIMITS = { bytes: 100_000, files: 14 };
const PLATFORM_LIMITS = { bytes: 2_000_000, files: 6 };

/** What is executed. */
const PROGRAMS = new Set(['codex.js', 'codex.node', 'codex-launcher']);

/** Packs the root package into a folder; returns `{ file, name, bytes, files, problems }`. */
export function packRoot(destination) {
  return staged(root, destination, ROOT_LIMITS, (stage) => {
    rmSync(path.join(stage, 'lib'), { recursive: true });
    buildSync({
      entryPoints: [path.join(root, 'lib', 'index.js')], outfile: path.join(stage, 'lib', 'index.js'), absWorkingDir: root,
      bundle: true, platform: 'node', target: 'node20', external: ['../native.js'], logLevel: 'warning',
    });
  });
}

/** Packs the package of a platform, whose files are there already. */
export function packPlatform(platform, destination) {
  return staged(path.join(root, 'npm', platform), destination, PLATFORM_LIMITS, (stage) => {
    writeFileSync(path.join(stage, 'THIRD-PARTY-NOTICES'), notices(platform));
  });
}

/** Packs copies of what belongs to the package in `folder`, after `change` has changed some. */
function staged(folder, destination, limits, change) {
  const stage = mkdtempSync(path.join(os.tmpdir(), 'codex-pack-'));
  try {
    const { files } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    for (const entry of ['package.json', 'LICENSE', 'README.md', ...files]) {
      const from = path.join(folder, entry);
      if (existsSync(from)) cpSync(from, path.join(stage, entry), { recursive: true });
    }
    change(stage);
    setModes(stage);
    return pack(stage, destination, limits);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** A package can be read by everybody, whatever the umask was where it was built, and is the same one each time. */
function setModes(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const place = path.join(folder, entry.name);
    chmodSync(place, entry.isDirectory() || PROGRAMS.has(entry.name) ? 0o755 : 0o644);
    if (entry.isDirectory()) setModes(place);
  }
}

function pack(folder, place, limits) {
  // npm runs elsewhere.
  const destination = path.resolve(place);
  mkdirSync(destination, { recursive: true });
  const { status, stdout, stderr } = spawnSync(
    'npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', destination], { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm can't pack ${folder}: ${stderr}`);
  const [{ filename, name, size: bytes, entryCount, files: entries }] = Object.values(JSON.parse(stdout));
  const wanted = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).files;
  const problems = wanted.filter((file) => !entries.some((entry) => entry.path === file || entry.path.startsWith(`${file}/`)))
    .map((file) => `${file} is missing`);
  if (bytes > limits.bytes) problems.push(`${bytes} bytes are over the budget of ${limits.bytes}`);
  if (entryCount > limits.files) problems.push(`${entryCount} files are over the budget of ${limits.files}`);
  return { file: path.join(destination, filename), name, bytes, files: entryCount, problems };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [destination, ...platforms] = process.argv.slice(2);
  const packed = [packRoot(destination), ...platforms.map((platform) => packPlatform(platform, destination))];
  for (const { file, bytes, files, problems } of packed) console.log(`${file}: ${bytes} bytes, ${files} files: ${problems.join('; ') || 'ok'}`);
  if (packed.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}
