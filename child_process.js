'use strict';
// `node:child_process` in the sandbox that CODEX_PROFILE and CODEX_WORKSPACE describe.
const { Sandbox, loadProfile } = require('./lib/index.js');

// Read once, before the program can change them.
const module_ = new Sandbox({
  profile: profileOf(process.env.CODEX_PROFILE || undefined),
  workspace: process.env.CODEX_WORKSPACE || process.cwd(),
}).childProcess();

exports.ChildProcess = module_.ChildProcess;
exports.exec = module_.exec;
exports.execFile = module_.execFile;
exports.execFileSync = module_.execFileSync;
exports.execSync = module_.execSync;
exports.fork = module_.fork;
exports.spawn = module_.spawn;
exports.spawnSync = module_.spawnSync;

/** A name, or a file where there is a slash or an ending. */
function profileOf(text = 'offline') {
  return /\/|\.(toml|json)$/.test(text) ? loadProfile(text) : text;
}
