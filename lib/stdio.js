'use strict';
// Where the streams of a command lead, in the numbers that the addon takes: a descriptor, or one of these.
const check = require('./check.js');

/** Bytes that come with the command, or go into its result. */
const CAPTURED = -1;
/** A stream of JavaScript's. */
const PIPE = -2;
/** The terminal of the run. */
const TERMINAL = -3;
/** Nowhere. */
const NULL = -4;

const NAMES = ['stdin', 'stdout', 'stderr'];
const SPAWN_OPTIONS = new Set(['stdio', ...NAMES, 'columns', 'rows']);
const MAX_STREAMS = 64;
const FORMS = "'pipe', 'inherit', 'ignore', a descriptor or a stream that has one";

/** The kind of a stream of `exec`, which has no streams for JavaScript. */
function captured(number, value) {
  if (value === undefined || value === 'pipe') return number === 0 ? NULL : CAPTURED;
  return descriptorOf(`options.${NAMES[number]}`, number, value, FORMS);
}

/** The streams of `spawn`, and the options that are not about them. */
function streamsOf(options) {
  const [own, rest] = [{ __proto__: null }, { __proto__: null }];
  for (const key of Object.keys(options)) (SPAWN_OPTIONS.has(key) ? own : rest)[key] = options[key];
  return { streams: toStreams(own, rest.input !== undefined), rest };
}

function toStreams({ stdio, columns = 80, rows = 24, ...named }, hasInput = false) {
  if (stdio !== undefined && NAMES.some((name) => named[name] !== undefined)) {
    throw check.invalidValue('options.stdio', 'absent where stdin, stdout or stderr is given', stdio);
  }
  if (stdio !== undefined && typeof stdio !== 'string' && !Array.isArray(stdio)) throw check.invalidType('options.stdio', 'a string or an array', stdio);
  const given = Array.isArray(stdio) ? [...stdio] : NAMES.map((name) => stdio ?? named[name]);
  if (given.length > MAX_STREAMS) throw check.invalidValue('options.stdio', `an array of at most ${MAX_STREAMS} streams`, stdio);
  while (given.length < NAMES.length) given.push(undefined);
  const kinds = given.map((value, number) => kindOf(`options.stdio[${number}]`, number, value));
  if (hasInput) {
    if (given[0] !== undefined && given[0] !== 'pipe') throw check.invalidValue('options.input', "absent where stdin is not 'pipe'", given[0]);
    kinds[0] = CAPTURED;
  }
  if (kinds.includes(TERMINAL) && kinds[1] !== TERMINAL) {
    throw check.invalidValue('options.stdio', "'pty' for standard output where another stream is", stdio ?? named);
  }
  return { kinds, columns: size('options.columns', columns), rows: size('options.rows', rows) };
}

function kindOf(name, number, value) {
  if (value === undefined || value === null) return number < NAMES.length ? PIPE : NULL;
  if (value === 'pipe' || value === 'overlapped') return PIPE;
  if (value === 'pty' && number < NAMES.length) return TERMINAL;
  return descriptorOf(name, number, value, `'pty', ${FORMS}`);
}

function descriptorOf(name, number, value, forms) {
  if (value === 'ignore') return NULL;
  if (value === 'inherit') return number;
  if (value?.fd === null) throw check.invalidValue(name, "a stream that is open, as a file's is from its event `open` on", value);
  const descriptor = typeof value === 'number' ? value : (value?.fd ?? value?._handle?.fd);
  if (!Number.isInteger(descriptor) || descriptor < 0 || descriptor > 0x7fffffff) throw check.invalidValue(name, forms, value);
  leaveToProgram(value);
  return descriptor;
}

/** What comes through a socket must not be read here first. Node does the same with one that a child process is given. */
function leaveToProgram(stream) {
  const handle = stream._handle;
  if (typeof handle?.readStop !== 'function' || !handle.reading) return;
  handle.reading = false;
  handle.readStop();
  stream.pause();
}

function size(name, value) {
  return Math.min(Math.trunc(check.number(name, value, 1)), 0xffff);
}

module.exports = { SPAWN_OPTIONS, PIPE, TERMINAL, captured, size, streamsOf };
