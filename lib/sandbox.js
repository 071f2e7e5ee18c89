'use strict';
const { constants: { MAX_STRING_LENGTH } } = require('node:buffer');
const { constants } = require('node:os');
const { StringDecoder } = require('node:string_decoder');
const { addon, launcher } = require('../native.js');
const { onAbort } = require('./aborts.js');
const check = require('./check.js');
const { CodexError, denied, fromFacts, unwrap } = require('./errors.js');
const { nativeAuditLog } = require('./audit.js');
const pending = require('./pending.js');
const { nativePolicy } = require('./policy.js');
const { filePath, nativeProfile } = require('./profile.js');
const stdio = require('./stdio.js');
// subprocess.js and child-process.js are loaded by what uses them: an import takes half the time.

// Where the addon can tell, Node's module, which takes another quarter of it, isn't loaded.
const isMainThread = addon.isFirstThread ? addon.isFirstThread() : require('node:worker_threads').isMainThread;

const SANDBOX_OPTIONS = new Set(['profile', 'workspace', 'policy', 'audit', 'enforcement', 'limits', 'denials', 'onDenial', 'onRequest']);
const EXEC_OPTIONS = new Set([
  'cwd', 'env', 'input', 'stdin', 'stdout', 'stderr', 'encoding', 'timeout', 'maxBuffer', 'signal', 'killSignal',
  'forceKillAfterDelay', 'reject', 'limits',
]);
const SPAWN_OPTIONS = new Set([...EXEC_OPTIONS, ...stdio.SPAWN_OPTIONS]);
const ONE_SHOT_OPTIONS = new Set([...SANDBOX_OPTIONS, ...EXEC_OPTIONS]);

const LIMITS = new Set(['wallTime', 'cpuTime', 'memory', 'processes', 'openFiles', 'fileSize', 'output', 'tmpSize']);
/** Limits that end a run. */
const ENDING_LIMITS = new Set(['wallTime', 'cpuTime', 'output']);

const NOTHING = Object.freeze({ __proto__: null });

const DEFAULT_MAX_BUFFER = 10 * 1024 * 1024;
const DEFAULT_FORCE_KILL_AFTER_DELAY = 5000;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
// Two names have one number: the usual one wins.
signalNames.set(constants.signals.SIGABRT, 'SIGABRT');

/** One policy, one private tmp, one loopback, shared by its runs and by no other sandbox. */
class Sandbox {
  #native;
  #profile;
  #workspace;
  #enforcements = [];
  #closing;
  #onDenial;
  #onRequest;
  #childProcess;
  /** For each command that somebody is asked about, what takes the question back. */
  #questions = new Set();

  constructor(options) {
    const { profile = 'offline', workspace = process.cwd(), policy, audit, enforcement = 'required', limits, denials = 'full', onDenial, onRequest } = check.options(
      'options', options, SANDBOX_OPTIONS);
    if (onRequest !== undefined && typeof onRequest !== 'function') throw check.invalidType('options.onRequest', 'a function', onRequest);
    this.#onRequest = onRequest;
    if (onDenial !== undefined && typeof onDenial !== 'function') throw check.invalidType('options.onDenial', 'a function', onDenial);
    this.#onDenial = onDenial;
    check.oneOf('options.denials', denials, ['full', 'network', 'off']);
    check.oneOf('options.enforcement', enforcement, ['required', 'best-effort']);
    const directory = filePath('options.workspace', workspace);
    this.#workspace = directory;
    const native = nativeProfile(profile, limits === undefined ? undefined : { __proto__: null, limits: readLimits(limits) });
    this.#profile = native;
    const judge = policy === undefined ? undefined : nativePolicy(policy);
    const log = audit === undefined ? undefined : nativeAuditLog(audit);
    const given = { __proto__: null, launcher, bestEffort: enforcement === 'best-effort', denials };
    this.#native = unwrap(
      () => new addon.NativeSandbox(pending.reports, native, directory, given, judge, log));
  }

  async exec(file, args, options) {
    return this.#run(prepare(file, args, options), false);
  }

  execSync(file, args, options) {
    const { command, reject, signal } = prepare(file, args, options);
    if (signal !== undefined) throw check.invalidValue('options.signal', 'absent: nothing can abort a synchronous call', signal);
    return finish(this.#result(pending.atOnce((settle) => unwrap(() => this.#native.execSync(pending.listed(command), false, settle)))), reject, file);
  }

  spawn(file, args, options) {
    [args, options] = sorted(args, options);
    const { streams, rest } = stdio.streamsOf(check.options('options', options, SPAWN_OPTIONS));
    const call = prepare(file, args, rest);
    [call.command.stdin, call.command.stdout, call.command.stderr] = streams.kinds;
    // Who looks at a stream late gets the bytes as they came; the result gets them as it was asked for.
    const decode = call.command.strings ? toText : (bytes) => bytes;
    call.command.strings = false;
    const settle = (report, { canceled, withhold, refuse }) => {
      const result = report === undefined ? canceledEarly(call.command) : this.#result(report, refuse);
      for (const name of ['stdout', 'stderr']) result[name] = withhold(name, result[name]) ? undefined : decode(result[name], result.truncated);
      result.isCanceled = canceled;
      result.failed ||= canceled;
      return finish(result, call.reject, file, canceled ? call.signal?.reason : undefined);
    };
    const { Subprocess } = require('./subprocess.js');
    const ask = this.#onRequest && ((verdict) => this.#isAllowed(call, verdict));
    return new Subprocess({ native: this.#native, owner: this, isClosed: () => this.#closing !== undefined, call, streams, settle, ask });
  }

  childProcess() {
    // On Linux alone a process of Node's can stand for a run.
    if (this.#native.join === undefined) throw new CodexError(`childProcess is not in this version on ${process.platform}; use exec or spawn`, { code: 'SandboxUnavailable' });
    const { childProcess } = require('./child-process.js');
    this.#childProcess ??= childProcess({
      launcher: () => addon.launcherPlace(launcher),
      join: (command, declared, token) => this.#native.join(pending.listed(command), declared, token),
      joined: (descriptor) => this.#native.joined(descriptor),
      signal: (token, signal) => this.#native.signal(token, signal),
      environments,
      hasOwnTmp: this.#profile.name !== 'trusted',
      workspace: this.#workspace,
    });
    return this.#childProcess;
  }

  /** Asks whether a command may run. Nobody has to answer any more when it is aborted, or the sandbox is closed: then it may not. */
  async #isAllowed({ command, args, signal }, verdict) {
    if (signal?.aborted) return false;
    let withdraw;
    const withdrawn = new Promise((resolve) => {
      withdraw = resolve;
    });
    this.#questions.add(withdraw);
    const forget = signal && onAbort(signal, withdraw);
    try {
      const answer = this.#closing === undefined && await Promise.race([this.#onRequest({ kind: 'exec', file: command.program, args, ...verdict }), withdrawn]);
      if (this.#closing !== undefined) throw new CodexError('the sandbox was closed before the command was allowed; make a new one', { code: 'SandboxUnavailable', verdict });
      return answer === 'allow';
    } finally {
      forget?.();
      this.#questions.delete(withdraw);
    }
  }

  async #run(call, approved) {
    const { command, reject, signal } = call;
    const file = command.program;
    if (signal?.aborted) return finish(canceledEarly(command), reject, file, signal.reason);
    const start = (token) => unwrap(() => this.#native.exec(pending.listed(command), token, approved));
    const { token, report } = pending.add(this, start);
    if (signal === undefined) return this.#finished(call, await report, approved);

    let canceled = false;
    let killer;
    const cancel = () => {
      canceled = this.#native.signal(token, command.killSignal);
      if (!canceled) return;
      // Ended by force when the signal is not enough, as at a timeout.
      killer = setTimeout(() => this.#native.signal(token, constants.signals.SIGKILL), delay(command.forceKillAfterDelay));
    };
    const forget = onAbort(signal, cancel);
    try {
      return await this.#finished(call, await report, approved, () => canceled);
    } finally {
      clearTimeout(killer);
      forget();
    }
  }

  /** What becomes of a report. Where the policy asks, and there is somebody to answer, the command is run once they have. */
  async #finished(call, report, approved, wasCanceled = () => false) {
    const question = report.error !== null && !approved && this.#onRequest !== undefined ? fromFacts(report.error) : undefined;
    if (question?.code === 'PolicyPrompt') {
      const isAllowed = await this.#isAllowed(call, question.verdict);
      if (!isAllowed && !call.signal?.aborted) throw denied(question);
      return this.#run(call, isAllowed);
    }
    const result = this.#result(report);
    const canceled = wasCanceled();
    result.isCanceled = canceled;
    result.failed ||= canceled;
    return finish(result, call.reject, call.command.program, canceled ? call.signal.reason : undefined);
  }

  async close() {
    this.#closing ??= this.#native.close();
    for (const withdraw of this.#questions) withdraw();
    await this.#closing;
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.close();
  }

  /** `refuse` makes the error of a command that somebody was asked about. */
  #result(report, refuse) {
    const { error, exitCode, signal, pid, stdout, stderr, truncated, durationMs, timedOut, limit, enforcement, more } = report;
    if (error !== null) {
      const thrown = fromFacts(error);
      throw refuse !== undefined && thrown.code === 'PolicyPrompt' ? refuse(thrown) : thrown;
    }
    const { hints = [], denials = [], verdict, auditId } = moreOf(more);
    if (this.#onDenial !== undefined) denials.forEach((denial) => this.#onDenial(denial));
    return {
      exitCode,
      signal: signal === null ? null : (signalNames.get(signal) ?? `SIG${signal}`),
      pid,
      stdout,
      stderr,
      durationMs,
      failed: exitCode !== 0 || timedOut || ENDING_LIMITS.has(limit),
      timedOut,
      limit: limit ?? undefined,
      isCanceled: false,
      truncated,
      enforcement: this.#enforcement(enforcement),
      denials,
      hints,
      auditId: auditId ?? undefined,
      verdict: verdict ?? undefined,
    };
  }

  /** Reports of enforcement are few and the same for many runs: each is parsed once. */
  #enforcement(number) {
    return (this.#enforcements[number] ??= deepFreeze(JSON.parse(this.#native.enforcement(number))));
  }
}

/** What few reports have, see `toReport`. */
function moreOf(more) {
  if (more === null) return NOTHING;
  return more.startsWith('{') ? JSON.parse(more) : { auditId: more };
}

/** The longest that a timer can wait is 25 days; a longer one would end at once. */
function delay(milliseconds) {
  return Math.min(milliseconds, 0x7fffffff);
}

/** Runs one command in a sandbox of its own. */
async function exec(file, args, options) {
  [args, options] = sorted(args, options);
  const all = check.options('options', options, ONE_SHOT_OPTIONS);
  const sandbox = new Sandbox(pick(all, SANDBOX_OPTIONS));
  try {
    // The limits of the one command are those of its sandbox.
    return await sandbox.exec(file, args, { ...pick(all, EXEC_OPTIONS), limits: undefined });
  } finally {
    await sandbox.close();
  }
}

function pick(options, keys) {
  return Object.fromEntries(Object.entries(options).filter(([key]) => keys.has(key)));
}

/** The arguments and the options: as in node:child_process, the arguments may be left out. */
function sorted(args, options) {
  const isOptions = options === undefined && args !== null && typeof args === 'object' && !(Symbol.iterator in args);
  return isOptions ? [undefined, args] : [args, options];
}

/** Checks a call and puts it into the form that the addon takes. */
function prepare(file, args, options) {
  [args, options] = sorted(args, options);
  const {
    cwd, env, input, stdin, stdout, stderr, encoding = 'utf8', timeout = 0, maxBuffer = DEFAULT_MAX_BUFFER,
    signal, killSignal = 'SIGTERM', forceKillAfterDelay = DEFAULT_FORCE_KILL_AFTER_DELAY, reject = false, limits,
  } = check.options('options', options, EXEC_OPTIONS);
  check.string('file', file);
  if (file === '') throw check.invalidValue('file', 'the name or the path of a program', file);
  // One of another realm, or of a library, serves as well.
  const isSignal = typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function' && typeof signal.removeEventListener === 'function';
  if (signal !== undefined && !isSignal) throw check.invalidType('options.signal', 'an AbortSignal', signal);
  if (typeof reject !== 'boolean') throw check.invalidType('options.reject', 'a boolean', reject);
  check.oneOf('options.encoding', encoding, ['utf8', 'buffer']);
  if (input !== undefined && stdin !== undefined && stdin !== 'pipe') throw check.invalidValue('options.input', 'absent where stdin is given', stdin);
  const command = {
    // Nothing may be inherited: what a prototype was polluted with must not become an option.
    __proto__: null,
    program: file,
    args: joinArguments(args),
    ...environments(env),
    cwd: cwd === undefined ? undefined : cwd instanceof URL ? filePath('options.cwd', cwd) : check.string('options.cwd', cwd),
    input: input === undefined ? undefined : toBuffer(input),
    stdin: stdio.captured(0, stdin),
    stdout: stdio.captured(1, stdout),
    stderr: stdio.captured(2, stderr),
    maxBuffer: room(check.number('options.maxBuffer', maxBuffer === Infinity ? Number.MAX_SAFE_INTEGER : maxBuffer, 0), encoding),
    timeout: check.number('options.timeout', timeout, 0),
    killSignal: signalNumber(killSignal),
    forceKillAfterDelay: check.number('options.forceKillAfterDelay', forceKillAfterDelay, 0),
    strings: encoding === 'utf8',
    limits: limits === undefined ? undefined : JSON.stringify(readLimits(limits)),
  };
  return { command, args: args ?? [], reject, signal };
}

/** A copy of the own limits; each is a whole number, so that a unit that was thought of is not cut off. */
function readLimits(limits) {
  const own = check.options('options.limits', limits, LIMITS);
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) delete own[name];
    else if (!Number.isInteger(check.number(`options.limits.${name}`, value, 1))) {
      throw check.invalidValue(`options.limits.${name}`, 'a whole number', value);
    }
  }
  return own;
}

function joinArguments(args) {
  if (args === undefined || args === null) return '';
  if (!Array.isArray(args)) throw check.invalidType('args', 'an array of strings', args);
  let joined = '';
  for (let index = 0; index < args.length; index++) {
    const argument = args[index];
    if (typeof argument !== 'string' || argument.includes('\0')) check.string(`args[${index}]`, argument);
    joined += argument + '\0';
  }
  return joined;
}

/**
 * The environment that the policy filters, and the variables that it leaves alone.
 *
 * As in node:child_process, `env` replaces the environment. What it merely passes on from the host is inherited, and
 * so filtered; what it adds or changes was meant, and stays.
 */
function environments(given) {
  // A worker thread has a copy of its own, which only JavaScript knows. Elsewhere the addon reads the host's itself.
  if (given === undefined) {
    if (isMainThread) return undefined;
    given = process.env;
  }
  let env = '';
  if (given === null || typeof given !== 'object' || Symbol.iterator in given) throw check.invalidType('options.env', 'an object of names and values', given);
  let set = '';
  for (const name of Object.keys(given)) {
    if (given[name] === undefined) continue;
    if (name === '' || name.includes('=')) throw check.invalidValue('a name in options.env', 'a name without =', name);
    const variable = `${check.string('a name in options.env', name)}=${check.string(`options.env.${name}`, String(given[name]))}\0`;
    if (process.env[name] === String(given[name])) env += variable;
    else set += variable;
  }
  return { env, set };
}

/** No string is longer than the engine of JavaScript can make one: what is beyond it counts as beyond `maxBuffer`. */
function room(maxBuffer, encoding) {
  return encoding === 'utf8' ? Math.min(maxBuffer, MAX_STRING_LENGTH) : maxBuffer;
}

function toBuffer(input) {
  if (typeof input === 'string') return Buffer.from(input);
  if (Buffer.isBuffer(input)) return input;
  if (ArrayBuffer.isView(input)) return Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  throw check.invalidType('options.input', 'a string, a Buffer or another view of bytes', input);
}

/** A character that the limit has cut in two is left out. */
function toText(bytes, truncated) {
  return truncated ? new StringDecoder('utf8').write(bytes) : bytes.toString();
}

function signalNumber(signal) {
  const number = typeof signal === 'number' ? signal : constants.signals[signal];
  if (!signalNames.has(number)) throw check.invalidValue('options.killSignal', 'the name or number of a signal', signal);
  return number;
}

function canceledEarly({ strings }) {
  const nothing = () => (strings ? '' : Buffer.alloc(0));
  return {
    exitCode: null, signal: null, pid: undefined, stdout: nothing(), stderr: nothing(), durationMs: 0, failed: true, timedOut: false,
    limit: undefined, isCanceled: true, truncated: false, enforcement: undefined, denials: [], verdict: undefined, auditId: undefined, hints: ['it was ended before it started'],
  };
}

function finish(result, reject, file, cause) {
  if (!reject || !result.failed) return result;
  throw new CodexError(`${file} ${ending(result)}`, { code: 'ERR_CODEX_FAILED', cause, result });
}

function ending(result) {
  if (result.isCanceled) return 'was aborted';
  if (ENDING_LIMITS.has(result.limit)) return `was ended by its limit ${result.limit}`;
  if (result.timedOut) return 'was ended by its timeout';
  return result.signal === null ? `ended with exit code ${result.exitCode}` : `was ended by ${result.signal}`;
}

function deepFreeze(value) {
  if (value !== null && typeof value === 'object') {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

module.exports = { Sandbox, exec };
