// With `reject`, a command that failed is an error that carries its result.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodexError } from '../index.js';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const ENDINGS = [['exit 3', { exitCode: 3, signal: null }, /exit code 3/], ['kill -KILL $$', { exitCode: null, signal: 'SIGKILL' }, /SIGKILL/]];

test('the error has the shape of the result', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (const [script, ending, message] of ENDINGS) {
    const check = (error) => {
      assert.ok(error instanceof CodexError);
      assert.equal(error.name, 'CodexError');
      assert.equal(error.code, 'ERR_CODEX_FAILED');
      assert.match(error.message, message);
      assert.equal(error.exitCode, ending.exitCode);
      assert.equal(error.signal, ending.signal);
      assert.equal(error.stdout, 'out\n');
      assert.equal(error.stderr, 'err\n');
      assert.equal(error.failed, true);
      assert.equal(error.enforcement.profile, 'offline');
      return true;
    };
    await assert.rejects(sh(box, `echo out; echo err >&2; ${script}`, { reject: true }), check);
    assert.throws(() => box.execSync('sh', ['-c', `echo out; echo err >&2; ${script}`], { reject: true }), check);
  }
});

test('a timeout is said', async (t) => {
  await assert.rejects(sandbox(t, { workspace: workspace() }).exec('sleep', ['60'], { timeout: 50, reject: true }), (error) => error.timedOut && /timeout/.test(error.message));
});

test('a command that succeeded resolves', async (t) => {
  assert.equal((await sandbox(t, { workspace: workspace() }).exec('true', [], { reject: true })).failed, false);
});
