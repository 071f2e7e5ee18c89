'use strict';
// Runs that are under way: the addon reports each by its token, through one function for the whole thread. Commands and
// reports pass as lists: properties that the addon would have to look up, or to make, one by one by their names, cost more.
const { addon } = require('../native.js');

const waiting = new Map();
let lastToken = 0;

// Keeps the process alive while runs are under way, and only then.
const alive = setInterval(() => {}, 0x7fffffff).unref();

/** A command as the addon takes it. */
function listed({
  program, name, args, env, set, cwd, input, stdin, stdout, stderr, maxBuffer, timeout, killSignal, forceKillAfterDelay, strings, limits,
}) {
  return [program, name, args, env, set, cwd, input, stdin, stdout, stderr, maxBuffer, timeout, killSignal, forceKillAfterDelay, strings, limits];
}

/**
 * Starts a run under a new token; returns the token and a promise of the report. Until then `owner` is not collected.
 * `onStart` is called with a process id when the program of a run with streams has started.
 */
function add(owner, start, onStart) {
  do lastToken = (lastToken + 1) >>> 0; while (waiting.has(lastToken));
  const token = lastToken;
  start(token);
  const report = new Promise((resolve) => waiting.set(token, { resolve, owner, onStart }));
  if (waiting.size === 1) alive.ref();
  return { token, report };
}

function settle(token, ...facts) {
  const run = waiting.get(token);
  waiting.delete(token);
  if (waiting.size === 0) alive.unref();
  run.resolve(toReport(...facts));
}

/** A report as the addon passes it. `more` is JSON: hints, denials, verdict and auditId, where there is any; just the auditId where that is all. */
function toReport(error, exitCode, signal, pid, stdout, stderr, truncated, durationMs, timedOut, limit, enforcement, more) {
  return { error, exitCode, signal, pid, stdout, stderr, truncated, durationMs, timedOut, limit, enforcement, more };
}

/** The report of a run that `run` makes while it is waited for. */
function atOnce(run) {
  let report;
  run((token, ...facts) => {
    report = toReport(...facts);
  });
  return report;
}

function started(token, pid) {
  waiting.get(token)?.onStart?.(pid);
}

module.exports = { add, atOnce, listed, reports: new addon.NativeReports(settle, started) };
