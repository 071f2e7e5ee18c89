// A key that isn't known is an error that names it and what is known; nothing is run.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Sandbox, SecurityProfile, exec } from '../index.js';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

test('of a sandbox', () => {
  for (const key of ['profiles', 'sandbox', 'cwd', 'writable', 'Profile', '__proto__x']) {
    assert.throws(() => new Sandbox({ [key]: 'x' }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.equal(error.code, 'ERR_INVALID_ARG_VALUE');
      assert.ok(error.message.includes(key) && error.message.includes('workspace'), error.message);
      return true;
    });
  }
});

test('of a command', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  for (const key of ['shell', 'timeOut', 'stdin', 'uid', 'profile', 'workspace']) {
    await assert.rejects(box.exec('touch', ['made'], { [key]: 'x' }), (error) => error instanceof TypeError && error.message.includes(key));
    assert.throws(() => box.execSync('touch', ['made'], { [key]: 'x' }), TypeError);
  }
  await assert.rejects(exec('touch', ['made'], { workspace: folder, shell: true }), (error) => error instanceof TypeError && error.message.includes('shell'));
  assert.deepEqual(readdirSync(folder), []);
});

test('of a profile', () => {
  for (const overrides of [{ writeable: [] }, { environment: { drop: [] } }, { Writable: [] }, { network: { mode: 'none' } }]) {
    assert.throws(() => SecurityProfile.named('workspace-write', overrides), { code: 'ProfileError' }, JSON.stringify(overrides));
  }
  assert.throws(() => SecurityProfile.named('workspace-write', { writeable: [] }), /writeable/);
  assert.throws(() => SecurityProfile.named('offline').explain({ execute: 'x' }), /execute/);
  assert.throws(() => SecurityProfile.fromSandboxPolicy({ type: 'read-only', writable: true }), { code: 'ProfileError' });
});
