'use strict';
// `node --require @openai/codex/register program.js`: every child process of the program runs in the sandbox that
// CODEX_PROFILE and CODEX_WORKSPACE describe. It is a net for programs, not a boundary against them: a program that wants
// to can undo it in its own process.
const real = require('node:child_process');
const { syncBuiltinESMExports } = require('node:module');
const threads = require('node:worker_threads');
const sandboxed = require('./child_process.js');

// Asynchronous ones, and those of `node:cluster`, all end here.
const { spawn } = sandboxed.ChildProcess.prototype;
real.ChildProcess.prototype.spawn = function sandboxedSpawn(options) {
  return spawn.call(this, { __proto__: null, ...options, args: withoutThis(options.args) });
};
real.spawnSync = sandboxed.spawnSync;
real.execSync = sandboxed.execSync;
real.execFileSync = sandboxed.execFileSync;

// A worker thread has modules of its own. It inherits the options of this process, and with them this file, unless it is given others.
const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(file, options) {
    super(file, Array.isArray(options?.execArgv) ? { ...options, execArgv: [...options.execArgv, '--require', __filename] } : options);
  }
};
Object.defineProperty(threads.Worker, 'name', { value: 'Worker' });
syncBuiltinESMExports();

/** A Node that is forked is in the sandbox already, and can't make another one there. Words may be numbers, which become text later. */
function withoutThis(args) {
  return args?.filter((word, index) => !isThis(String(word).replace(/^(--require|--import|-r)=/, '')) && !(isOption(word) && isThis(args[index + 1])));
}

function isOption(word) {
  return word === '--require' || word === '--import' || word === '-r';
}

function isThis(word) {
  try {
    return typeof word === 'string' && /register/.test(word) && require.resolve(word, { paths: [process.cwd()] }) === __filename;
  } catch {
    return false;
  }
}
