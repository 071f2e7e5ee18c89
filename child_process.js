'use strict';
// `node:child_process` in the sandbox that CODEX_PROFILE and CODEX_WORKSPACE describe.
const { realpathSync } = require('node:fs');
const { CodexError, Sandbox, loadProfile } = require('./lib/index.js');

// Read once, before the program can change them.
const workspace = process.env.CODEX_WORKSPACE || process.cwd();
const module_ = new Sandbox({ profile: profileOf(process.env.CODEX_PROFILE || undefined), workspace }).childProcess();

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
  if (!/\/|\.(toml|json)$/.test(text)) return text;
  const profile = loadProfile(text);
  const file = realpathSync(text);
  // What is trusted can write any file: there it is about the workspace, where the commands of other profiles write.
  if (profile.name === 'trusted' ? file.startsWith(`${realpathSync(workspace)}/`) : profile.explain({ write: file }, workspace).allowed) {
    throw new CodexError(`commands could change the profile's file ${file}, and the next ones would run under what they put there; move it to where they can't write, such as ~/.config/codex`, { code: 'ProfileError' });
  }
  return profile;
}
