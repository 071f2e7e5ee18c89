// Folders for the specs, made by the user who runs them and removed when the process ends.
import './bound.mjs';
import { mkdirSync, mkdtempSync, readdirSync, lstatSync, readFileSync, readlinkSync, realpathSync, rmSync, accessSync, constants } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// A folder of PATH that this user can't search makes every missing program a forbidden one: for the kernel it may be there.
process.env.PATH = process.env.PATH.split(':').filter(isSearchable).join(':');

const made = [];
process.on('exit', () => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// What a sandbox leaves in the tmp of the host for its user, which is a quarantine, is for nobody here.
process.env.TMPDIR = folder(os.tmpdir(), 'codex-spec-');

/** The checkout. */
export const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** A folder of the host that a sandbox sees: not below the tmp directories, which are private inside. */
export const ROOT = findRoot();

/** Where a workspace may lie: each has its own path through the code. */
export const PARENTS = { 'below the tmp of the host': realpathSync(os.tmpdir()), elsewhere: ROOT };

/** A new folder, meant as a workspace. */
export function workspace(parent = ROOT) {
  return folder(parent, 'workspace-');
}

/** A new folder of the host that no policy grants. */
export function outside() {
  return folder(ROOT, 'outside-');
}

/** Everything below a folder that a write could change, as text that can be compared. */
export function snapshot(directory) {
  return readdirSync(directory, { recursive: true }).concat('.').sort().map((name) => {
    const file = path.join(directory, name);
    const { mode, ino, nlink, size, mtimeMs } = lstatSync(file);
    let content = '';
    if (lstatSync(file).isFile()) content = readFileSync(file, 'latin1');
    if (lstatSync(file).isSymbolicLink()) content = readlinkSync(file);
    return `${name} ${mode.toString(8)} ${ino} ${nlink} ${size} ${mtimeMs} ${JSON.stringify(content)}`;
  }).join('\n');
}

function folder(parent, prefix) {
  const directory = mkdtempSync(path.join(parent, prefix));
  made.push(directory);
  return directory;
}

function isSearchable(directory) {
  try {
    accessSync(directory, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findRoot() {
  const tried = [process.env.CODEX_TEST_ROOT, home(), path.join(PACKAGE, 'target', 'codex-test')].filter(Boolean);
  for (const candidate of tried) {
    try {
      mkdirSync(candidate, { recursive: true });
      accessSync(candidate, constants.W_OK | constants.X_OK);
    } catch {
      continue;
    }
    const directory = realpathSync(candidate);
    if (!/^\/(tmp|var\/tmp|dev\/shm)(\/|$)/.test(directory)) return directory;
  }
  throw new Error(`none of these is a folder outside /tmp that this user may write; set CODEX_TEST_ROOT: ${tried.join(', ')}`);
}

function home() {
  try {
    return path.join(os.homedir(), '.codex-test');
  } catch {
    return undefined;
  }
}
