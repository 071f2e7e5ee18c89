// Node processes of their own: for what would end or poison the process of a spec.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { PACKAGE } from './places.mjs';

/** The command line of a script that has `codex` (the package) and `facts` (what the spec gives it). */
export function script(source, facts = {}, flags = []) {
  const prelude = `const codex = require(${JSON.stringify(path.join(PACKAGE, 'index.js'))}); const facts = JSON.parse(process.argv[1]);`;
  return [process.execPath, ...flags, '-e', `${prelude}\n${source}`, JSON.stringify(facts)];
}

/** Starts a command line. */
export function start([file, ...args], options) {
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

/** Runs a command line to its end. */
export async function run(commandLine, options) {
  const child = start(commandLine, { timeout: 60_000, ...options });
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode, signal, stdout, stderr };
}

/** Runs a script that prints JSON; returns what it printed. */
export async function answer(commandLine, options) {
  const { exitCode, signal, stdout, stderr } = await run(commandLine, options);
  if (exitCode !== 0) throw new Error(`the script failed: ${exitCode ?? signal}\n${stderr}`);
  return JSON.parse(stdout);
}
