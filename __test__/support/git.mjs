// Real git, with nothing of this user's settings.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const IDENTITY = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main', '-c', 'protocol.file.allow=always'];

/** The same for a shell inside a sandbox. */
export const GIT = `git ${IDENTITY.join(' ')}`;

/** Runs git on the host. */
export function git(directory, ...args) {
  return execFileSync('git', ['-C', directory, ...IDENTITY, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Makes a repository with one commit. */
export function repository(directory) {
  mkdirSync(directory, { recursive: true });
  git(directory, 'init', '-q');
  writeFileSync(path.join(directory, 'file'), 'content\n');
  git(directory, 'add', '.');
  git(directory, 'commit', '-qm', 'first');
  return directory;
}

/** Hooks that git would run. */
export function activeHooks(gitDirectory) {
  try {
    return readdirSync(path.join(gitDirectory, 'hooks')).filter((name) => !name.endsWith('.sample'));
  } catch {
    return [];
  }
}

/** Whether anything is there. */
export function exists(file) {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}
