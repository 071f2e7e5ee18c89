// The package can be required and imported, and holds what its types promise.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import * as imported from '../index.js';
import { run } from './support/node.mjs';
import { PACKAGE, workspace } from './support/places.mjs';

const NAMES = ['CodexError', 'ExecPolicy', 'Sandbox', 'SecurityProfile', 'exec'];

test('named imports', () => {
  const required = createRequire(import.meta.url)('../index.js');
  for (const name of NAMES) {
    assert.equal(typeof imported[name], 'function', name);
    assert.equal(imported[name], required[name], name);
  }
});

test('loading it starts nothing and keeps no process alive', async () => {
  const result = await run([process.execPath, '-e', `
    const before = require('node:fs').readdirSync('/proc/self/fd').length;
    require(${JSON.stringify(path.join(PACKAGE, 'index.js'))});
    new (require(${JSON.stringify(path.join(PACKAGE, 'index.js'))}).Sandbox)({ workspace: process.argv[1] });
    console.log(require('node:fs').readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8') === '');`, workspace()]);
  assert.deepEqual([result.exitCode, result.stdout, result.stderr], [0, 'true\n', '']);
});
