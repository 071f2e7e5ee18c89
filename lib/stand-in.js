'use strict';
// What keeps a program from being executed, as far as that can be seen from outside of a sandbox.
const { accessSync, closeSync, openSync, readSync, statSync, constants: { O_NONBLOCK, O_RDONLY, X_OK } } = require('node:fs');
const path = require('node:path');

/** Paths that no program can have: executing them fails as executing a missing or a forbidden one does, or one that can't be reached. */
const MISSING = '/proc/self/fd/none';
const FORBIDDEN = '/dev/null';
const UNREACHABLE = { __proto__: null, ENOTDIR: '/dev/null/none', ENAMETOOLONG: `/${'x'.repeat(256)}`, ELOOP: '/proc/self/root'.repeat(21) };
/** The kernel reads no more of a script for its first line. */
const FIRST_LINE = 256;
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * What to start in place of a program that is not there, so that Node says so in its own words. `isInside` says of a path whether
 * it has another meaning in the sandbox: what is there is found there.
 */
function standIn(file, search = DEFAULT_PATH, directory, isInside) {
  const isPath = file.includes('/');
  const candidates = isPath ? [file] : search.split(':').map((folder) => path.join(folder || '.', file));
  let explanation = MISSING;
  for (const candidate of candidates) {
    // As it stands: what a slash at its end says must not be lost.
    const location = path.isAbsolute(candidate) ? candidate : `${directory}/${candidate}`;
    if (isPath && isInside(location)) return undefined;
    const why = obstacle(location) ?? interpreterObstacle(location, directory, isInside);
    if (why === undefined) return undefined;
    if (why === 'EACCES') explanation = FORBIDDEN;
    else if (why !== 'ENOENT' && (isPath || why !== 'ENOTDIR')) return UNREACHABLE[why];
  }
  return explanation;
}

/** The system's error that keeps a file from being executed, if something does. What is none of those told apart is missing. */
function obstacle(location) {
  try {
    if (!statSync(location).isFile()) return 'EACCES';
  } catch ({ code }) {
    return code === 'EACCES' || code in UNREACHABLE ? code : 'ENOENT';
  }
  try {
    accessSync(location, X_OK);
    return undefined;
  } catch {
    return 'EACCES';
  }
}

/** The same for what runs a script. */
function interpreterObstacle(script, directory, isInside) {
  const line = firstLine(script);
  const [begin, name] = /^#![ \t]*([^ \t\n\0]+)/.exec(line) ?? [];
  // One that doesn't end there is none to the kernel.
  if (name === undefined || begin.length === FIRST_LINE) return undefined;
  const interpreter = path.resolve(directory, name);
  return isInside(interpreter) ? undefined : obstacle(interpreter);
}

/** What can't be read can be executed all the same. */
function firstLine(script) {
  let file;
  try {
    file = openSync(script, O_RDONLY | O_NONBLOCK);
    const line = Buffer.alloc(FIRST_LINE);
    return line.toString('latin1', 0, readSync(file, line, 0, FIRST_LINE, 0));
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

module.exports = { standIn };
