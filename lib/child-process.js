'use strict';
// `node:child_process` with every process in a sandbox.
//
// Node's own code does all that it does: libuv makes the pipes and the channel between processes, and starts a process. But
// that process is the launcher, as a guest: it hands its streams over to the sandbox and stands for the run until its end.
// What is to be run was told the addon before, so nothing about it stands in the guest's command line or environment.
const real = require('node:child_process');
const { constants: { signals: { SIGSTOP } } } = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const check = require('./check.js');
const { unwrap } = require('./errors.js');
const { standIn } = require('./stand-in.js');

// As they are now: whoever replaces them later must not be asked for what they do.
const { ChildProcess, spawnSync: startSync } = real;
const asynchronously = { spawn: real.spawn, execFile: real.execFile, fork: real.fork };
/** What every asynchronous function ends in. */
const start = ChildProcess.prototype.spawn;
/** No program can have this path: executing it fails as executing a missing one does. */
const MISSING = '/proc/self/fd/none';
/** What is below these a sandbox has of its own. */
const PRIVATE = /^\/(tmp|var\/tmp|dev\/shm)\//;
/** So many characters may be too many bytes for the kernel, as one word. */
const LONG = 32 * 1024;
const STANDARD = 3;
/** The highest number that a program's stream can have. */
const LAST = 63;

/**
 * The module for a sandbox. `launcher` says where the launcher is to be executed; `join` asks the addon of the sandbox for the descriptor of a run that is about to be started, and
 * `joined` says that the process has it; `signal` signals the run, and says whether it was there; `environments` sorts an
 * environment into what is the host's and what was set; `hasOwnTmp` says whether its tmp is another one than the host's.
 */
function childProcess({ launcher, join, joined, signal, environments, hasOwnTmp, workspace }) {
  let lastGuest = 0;
  const isInside = (location) => hasOwnTmp && PRIVATE.test(location) && !`${path.normalize(location)}/`.startsWith(`${workspace}/`);

  /** Starts a guest in place of what a `ChildProcess` was asked to start. */
  function startGuest(child, options) {
    refuseWhatNodeRefuses(options);
    const stdio = streams(options.stdio);
    let run;
    try {
      run = prepare(options, stdio);
    } catch (error) {
      if (!isLackOfRoom(error) || typeof child._handle?.spawn !== 'function') throw error;
      // Told as Node tells it, by an event.
      child._handle.spawn = () => error.errno;
      return start.call(child, { __proto__: null, ...options, envPairs: [], stdio });
    }
    try {
      stopInside(child, run.token);
      return start.call(child, { __proto__: null, ...options, ...run.guest, envPairs: [], stdio: [...stdio, run.descriptor] });
    } finally {
      joined(run.descriptor);
      child.spawnfile = options.file;
      child.spawnargs = options.args;
      // Ours is no stream of the child's.
      child.stdio?.splice(stdio.length);
    }
  }

  /** The one signal that a process can't pass on would stop it, and not what it stands for. */
  function stopInside(child, token) {
    function kill(wanted) {
      if ((wanted !== 'SIGSTOP' && wanted !== SIGSTOP) || !signal(token, SIGSTOP)) return ChildProcess.prototype.kill.call(this, wanted);
      this.killed = true;
      return true;
    }
    Object.defineProperty(child, 'kill', { value: kill, writable: true, configurable: true });
  }

  /** Has the sandbox ready for a run; returns the guest that is to stand for it. */
  function prepare({ file, args, envPairs = [], cwd, uid, gid, serialization }, stdio) {
    check.string('options.file', file);
    for (const [name, value, own] of [['uid', uid, process.getuid()], ['gid', gid, process.getgid()]]) {
      if (value !== undefined && value !== null && value !== own) throw check.invalidValue(`options.${name}`, `${own}: a sandbox runs as whoever made it`, value);
    }
    if (stdio.length > LAST) throw check.invalidValue('options.stdio', `an array of at most ${LAST} streams`, stdio);
    const env = Object.fromEntries(envPairs.map(pair));
    const channel = stdio.indexOf('ipc');
    if (channel >= 0) {
      env.NODE_CHANNEL_FD = String(channel);
      env.NODE_CHANNEL_SERIALIZATION_MODE = serialization ?? 'json';
    }
    const [name = file, ...rest] = args ?? [];
    const declared = stdio.flatMap((stream, number) => (number >= STANDARD && stream !== 'ignore' ? [number] : []));
    const directory = path.resolve(cwd ?? '.');
    // Runs without a process of their own count up.
    lastGuest = (lastGuest - 1) >>> 0;
    const token = lastGuest;
    const words = ['codex-launcher', String(stdio.length), ...asLong([...(args ?? []), ...envPairs].map(String))];
    const guest = { __proto__: null, file: standIn(file, env.PATH, directory, isInside) ?? launcher(), args: words };
    // From here on until `joined` no program begins: nothing may go wrong in between.
    const descriptor = unwrap(() => join({
      __proto__: null,
      program: file, name, args: rest.map((word) => `${word}\0`).join(''), ...environments(env), cwd: directory,
      stdin: -2, stdout: -2, stderr: -2, maxBuffer: 0, killSignal: 15, forceKillAfterDelay: 0, strings: true,
    }, declared, token));
    return { descriptor, token, guest };
  }

  /** Calls one of Node's functions with another way to start what it starts. */
  function instead(begin, call) {
    const before = ChildProcess.prototype.spawn;
    ChildProcess.prototype.spawn = function spawn(options) {
      ChildProcess.prototype.spawn = before;
      return begin(this, options);
    };
    try {
      return call();
    } finally {
      ChildProcess.prototype.spawn = before;
    }
  }

  function asynchronous(name) {
    return {
      [name](...args) {
        prove(name);
        return instead(startGuest, () => asynchronously[name](...args));
      },
    }[name];
  }

  const proven = new Set();

  /** A Node that starts processes in another way would start them outside: then nothing is started at all. */
  function prove(name) {
    if (proven.has(name)) return;
    const reached = new Error('reached');
    try {
      instead(() => {
        throw reached;
      }, () => asynchronously[name](MISSING, []));
    } catch (error) {
      if (error === reached) {
        proven.add(name);
        return;
      }
    }
    const error = new Error(`child_process.${name} can't be held in a sandbox by this runtime; use Sandbox.exec or Sandbox.spawn`);
    error.code = 'SandboxUnavailable';
    throw error;
  }

  const spawn = asynchronous('spawn');
  const execFile = asynchronous('execFile');
  const fork = asynchronous('fork');

  /** Node's own would call whatever `execFile` of its module is by now. */
  function exec(command, options, callback) {
    check.string('command', command);
    if (typeof options === 'function') [options, callback] = [undefined, options];
    return execFile(command, inShell(options), callback);
  }
  for (const called of [exec, execFile]) Object.defineProperty(called, promisify.custom, { enumerable: false, value: promising(called) });

  /** What Node makes of the arguments of a call: the file, the words after a shell was put before them, the environment. */
  function normalized(args) {
    prove('spawn');
    let options;
    const enough = new Error('enough');
    try {
      instead((child, made) => {
        options = made;
        throw enough;
      }, () => asynchronously.spawn(...args));
    } catch (error) {
      if (error !== enough) throw error;
    }
    return options;
  }

  function spawnSync(file, args, given) {
    if (args !== undefined && args !== null && typeof args !== 'object') throw check.invalidType('args', 'an array', args);
    const hasWords = args === undefined || args === null || Array.isArray(args);
    const options = { __proto__: null, ...(hasWords ? given : args) };
    const made = normalized([file, hasWords ? args : [], { __proto__: null, ...options, signal: undefined, stdio: undefined }]);
    const stdio = streams(options.stdio);
    let run;
    try {
      run = prepare({ __proto__: null, ...made, uid: options.uid, gid: options.gid }, stdio);
    } catch (error) {
      if (!isLackOfRoom(error)) throw error;
      Object.assign(error, { syscall: `spawnSync ${made.file}`, path: made.file, spawnargs: made.args.slice(1) });
      return { pid: 0, status: null, signal: null, output: null, stdout: null, stderr: null, error };
    }
    try {
      const result = startSync(run.guest.file, run.guest.args.slice(1), {
        __proto__: null, ...options, shell: false, argv0: run.guest.args[0], env: {}, stdio: [...stdio, run.descriptor],
      });
      result.output?.splice(stdio.length);
      if (result.error?.path !== undefined) {
        const { error } = result;
        error.message = error.message.replace(error.path, () => made.file);
        error.syscall = `spawnSync ${made.file}`;
        error.path = made.file;
        error.spawnargs = made.args.slice(1);
      }
      return result;
    } finally {
      joined(run.descriptor);
    }
  }

  function execFileSync(file, ...rest) {
    const args = Array.isArray(rest[0]) ? rest.shift() : (rest[0] ?? rest.shift(), []);
    const options = { __proto__: null, ...rest[0] };
    const result = spawnSync(file, args, options);
    if (!options.stdio && result.stderr) process.stderr.write(result.stderr);
    return outputOf(result, `${[options.argv0 || file, ...args].join(' ')}`);
  }

  function execSync(command, given) {
    const options = inShell(given);
    check.string('command', command);
    const result = spawnSync(command, options);
    if (!options.stdio && result.stderr) process.stderr.write(result.stderr);
    return outputOf(result, command);
  }

  /** For programs that make them themselves. */
  class SandboxedChildProcess extends ChildProcess {
    static [Symbol.hasInstance](value) {
      return value instanceof ChildProcess;
    }

    spawn(options) {
      return startGuest(this, options);
    }
  }
  Object.defineProperty(SandboxedChildProcess, 'name', { value: 'ChildProcess' });

  return { ChildProcess: SandboxedChildProcess, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync };
}

/** Wrong types are refused in Node's words. Should it take them after all, there is nothing that it could start. */
function refuseWhatNodeRefuses(options) {
  const isObject = options !== null && typeof options === 'object';
  const { file, args = [], envPairs = [] } = isObject ? options : { __proto__: null };
  if (typeof file === 'string' && Array.isArray(args) && Array.isArray(envPairs)) return;
  start.call(new ChildProcess(), isObject ? { __proto__: null, ...options, file: typeof file === 'string' ? MISSING : file } : options);
  throw check.invalidType('options', 'an object that node:child_process takes', options);
}

/** Whether this process, or the machine, can have no more open. */
function isLackOfRoom({ code }) {
  return code === 'EMFILE' || code === 'ENFILE';
}

/** A copy of the options of a command line. */
function inShell(options) {
  const own = { __proto__: null, ...options };
  own.shell = typeof own.shell === 'string' ? own.shell : true;
  return own;
}

/** As an array with all standard streams. */
function streams(given) {
  const stdio = given || 'pipe';
  // A word that Node doesn't know it takes for bytes where it stands in an array.
  if (!Array.isArray(stdio)) check.oneOf('options.stdio', stdio, ['pipe', 'overlapped', 'ignore', 'inherit']);
  const all = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
  while (all.length < STANDARD) all.push(undefined);
  return all.map((stream, number) => stream ?? (number < STANDARD ? 'pipe' : 'ignore'));
}

function pair(variable) {
  const end = variable.indexOf('=', 1);
  return [variable.slice(0, end), variable.slice(end + 1)];
}

/** Words of the same lengths, where all of them may be too much for the system: then it says so to Node. They don't say anything. */
function asLong(words) {
  const characters = words.reduce((sum, word) => sum + word.length, 0);
  return characters < LONG ? [] : words.map((word) => 'x'.repeat(Buffer.byteLength(word)));
}

function outputOf(result, command) {
  if (result.error) throw Object.assign(result.error, result);
  if (result.status === 0) return result.stdout;
  const errors = result.stderr?.length > 0 ? `\n${result.stderr}` : '';
  throw Object.assign(new Error(`Command failed: ${command}${errors}`), result);
}

function promising(called) {
  return (...args) => {
    let settle;
    const promise = new Promise((...both) => {
      settle = both;
    });
    const [resolve, reject] = settle;
    // As Node does: wrong arguments throw here and now.
    promise.child = called(...args, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(Object.assign(error, { stdout, stderr }));
    });
    return promise;
  };
}

module.exports = { childProcess };
