// The probe program: built once per source text, outside the places that a sandbox hides.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './places.mjs';

const SOURCE = fileURLToPath(new URL('probe.c', import.meta.url));

/** The path of the probe program. */
export const PROBE = build();

function build() {
  const program = path.join(ROOT, `probe-${createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)}`);
  if (!existsSync(program)) {
    const unfinished = `${program}.${process.pid}`;
    execFileSync('cc', ['-O1', '-o', unfinished, SOURCE], { stdio: ['ignore', 'inherit', 'inherit'] });
    renameSync(unfinished, program);
  }
  return program;
}

const errnoNames = new Map(Object.entries(os.constants.errno).map(([name, number]) => [number, name]));

/** Runs the probe in a sandbox; returns `ok`, the name of the error, or how else it ended. */
export async function probe(sandbox, ...words) {
  const { exitCode, signal, stdout, stderr } = await sandbox.exec(PROBE, words.map(String));
  if (signal !== null) return signal;
  if (exitCode !== 0) throw new Error(`the probe failed: ${exitCode} ${stderr}`);
  const number = Number(stdout);
  return number === 0 ? 'ok' : (errnoNames.get(number) ?? String(number));
}
