'use strict';
// `node:child_process` in the sandbox that CODEX_PROFILE and CODEX_WORKSPACE describe.
const module_ = require('./lib/environment-sandbox.js').childProcess();

exports.ChildProcess = module_.ChildProcess;
exports.exec = module_.exec;
exports.execFile = module_.execFile;
exports.execFileSync = module_.execFileSync;
exports.execSync = module_.execSync;
exports.fork = module_.fork;
exports.spawn = module_.spawn;
exports.spawnSync = module_.spawnSync;
