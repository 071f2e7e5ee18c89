// Processes as the host sees them.
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { until } from './until.mjs';

/** The arguments of a `sleep` that no other process on the machine has. */
export function unusualSleep() {
  return `37.${String(randomInt(1e9)).padStart(9, '0')}`;
}

/** The ids of the processes with exactly this command line. */
export function leftovers(commandLine) {
  return processes().filter(({ line }) => line === commandLine).map(({ pid }) => pid);
}

/** Waits until a process with this command line runs; returns its ids. */
export async function started(commandLine) {
  await until(() => leftovers(commandLine).length > 0, `a process "${commandLine}"`);
  return leftovers(commandLine);
}

/** Waits until no process with this command line runs any more, and ends the ones that stay before it fails. */
export async function gone(commandLine) {
  try {
    await until(() => leftovers(commandLine).length === 0, `the end of "${commandLine}"`);
  } finally {
    leftovers(commandLine).forEach(end);
  }
}

/** Ends a process that may just have ended by itself. */
function end(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** The children of a process, zombies included. */
export function children(pid) {
  return processes().filter(({ parent }) => parent === pid);
}

/** The launchers that a process has started. */
export function launchers(pid = process.pid) {
  return children(pid).filter(({ line }) => line.includes('codex-launcher')).map((child) => child.pid);
}

/** Waits until the process with this id is gone. */
export function ended(pid) {
  return until(() => !existsSync(`/proc/${pid}`), `the end of process ${pid}`);
}

function processes() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'latin1').replace(/\0$/, '').replaceAll('\0', ' ');
      // The name in parentheses may hold anything; the fields come after the last one.
      const [state, parent] = readFileSync(`/proc/${name}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
      return [{ pid: Number(name), line, state, parent: Number(parent) }];
    } catch {
      return [];
    }
  });
}
