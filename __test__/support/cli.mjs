// The command line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PACKAGE } from './places.mjs';

/** The program. */
export const CLI = path.join(PACKAGE, 'bin', 'codex.js');

/** Starts `codex`. */
export function startCodex(args, options) {
  return spawn(process.execPath, [CLI, ...args], { stdio: ['pipe', 'pipe', 'pipe'], timeout: 60_000, ...options });
}

/** Runs `codex` to its end. */
export async function codex(args, { input = '', ...options } = {}) {
  const child = startCodex(args, options);
  child.stdin.on('error', () => {}).end(input);
  return finished(child);
}

/** Waits for the end of `codex`. */
export async function finished(child) {
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), once(child, 'close')]);
  return { exitCode, signal, stdout: stdout.toString(), stderr: stderr.toString(), bytes: stdout };
}
