'use strict';
// For `node --require`: gives the programs of a suite `node:child_process` as a sandbox has it.
const Module = require('node:module');
const sandboxed = require('../../child_process.js');

const real = require('node:child_process');
// What only Node itself exports stays there for the suite to find.
const replacement = Object.assign(Object.create(Object.getPrototypeOf(real)), real, sandboxed);
const load = Module._load;

Module._load = function loadReplaced(request, parent, isMain) {
  const wanted = request === 'child_process' || request === 'node:child_process';
  return wanted && parent?.filename?.startsWith(process.env.CODEX_COMPAT_SUITE) ? replacement : load.call(this, request, parent, isMain);
};
