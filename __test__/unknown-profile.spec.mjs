// A profile name that is none of the five is refused with the five.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sandbox, SecurityProfile, exec } from '../index.js';

const FIVE = ['offline', 'net-read-only', 'workspace-write', 'workspace-net', 'trusted'];

function named(error) {
  assert.equal(error.code, 'ProfileError');
  for (const name of FIVE) assert.ok(error.message.includes(name), error.message);
  return true;
}

for (const name of ['', ' offline', 'off', 'read-only', 'danger-full-access', 'workspace-', 'Trusted ', 'toString', '__proto__', 'OFFLINE\u0131']) {
  test(JSON.stringify(name), async () => {
    assert.throws(() => new Sandbox({ profile: name }), named);
    assert.throws(() => new SecurityProfile(name), named);
    assert.throws(() => SecurityProfile.named(name), named);
    await assert.rejects(exec('true', [], { profile: name }), named);
  });
}

test('names in other spellings', () => {
  for (const [spelling, name] of [
    ['OFFLINE', 'offline'], ['NetReadOnly', 'net-read-only'], ['workspace', 'workspace-write'], ['Workspace', 'workspace-write'], ['WorkspaceNet', 'workspace-net'], ['TRUSTED', 'trusted'],
  ]) assert.equal(new SecurityProfile(spelling).name, name);
  assert.equal(new SecurityProfile().name, 'offline');
});
