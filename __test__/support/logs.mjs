// Audit logs, read as what they are: lines of JSON.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { outside } from './places.mjs';

/** A place for a log that does not exist yet. */
export function newLog() {
  return path.join(outside(), 'audit.jsonl');
}

/** The records of a log file and of its rotated predecessors. */
export function records(log) {
  const folder = path.dirname(log);
  const names = readdirSync(folder).filter((name) => name.startsWith(path.basename(log)) && !name.endsWith('.key')).sort();
  return names.flatMap((name) => lines(path.join(folder, name)));
}

/** The records of one file. */
export function lines(file) {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
