'use strict';
// For `node --require`: gives the programs of a suite `node:child_process` as a sandbox has it.
const real = require('node:child_process');
const { syncBuiltinESMExports } = require('node:module');

// A Node that a test forks is in the sandbox already, and can't make another one there.
process.execArgv = process.execArgv.filter((word, index, words) => ![word, words[index + 1]].includes(__filename));
Object.assign(real, require('../../child_process.js'));
syncBuiltinESMExports();
