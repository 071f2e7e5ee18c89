'use strict';
// The sandbox that two variables describe: of a program that doesn't make one itself.
const { loadProfile } = require('./profile.js');
const { Sandbox } = require('./sandbox.js');

/** A name, or a file where there is a slash or an ending. */
function profileOf(text = 'offline') {
  return /\/|\.(toml|json)$/.test(text) ? loadProfile(text) : text;
}

// Read once, before the program can change them.
module.exports = new Sandbox({
  profile: profileOf(process.env.CODEX_PROFILE || undefined),
  workspace: process.env.CODEX_WORKSPACE || process.cwd(),
});
