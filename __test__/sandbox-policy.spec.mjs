// The Codex form of a profile, both ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { outside, workspace } from './support/places.mjs';

const FORMS = [
  ['offline', { type: 'read-only' }], ['net-read-only', { type: 'read-only', network_access: true }], ['workspace-write', { type: 'workspace-write' }],
  ['workspace-net', { type: 'workspace-write', network_access: true }], ['trusted', { type: 'danger-full-access' }],
];

test('the five profiles', () => {
  const folder = workspace();
  for (const [name, form] of FORMS) {
    assert.equal(SecurityProfile.fromSandboxPolicy(form).name, name);
    const written = new SecurityProfile(name).toSandboxPolicy(folder);
    assert.equal(written.type, form.type);
    assert.equal(written.network_access ?? false, form.network_access ?? false);
    assert.equal(SecurityProfile.fromSandboxPolicy(written).name, name);
  }
});

test('writable folders and the tmp of the host', () => {
  const [folder, extra] = [workspace(), outside()];
  const written = SecurityProfile.named('workspace-write', { writable: [extra] }).toSandboxPolicy(folder);
  assert.deepEqual(written.writable_roots, [extra]);
  assert.equal(written.exclude_slash_tmp, true);
  assert.equal(written.exclude_tmpdir_env_var, true);
  assert.deepEqual(SecurityProfile.fromSandboxPolicy(written).toJSON(), { profile: 'workspace-write', writable: [extra] });
});

test('what the form can not say is refused', () => {
  assert.throws(() => SecurityProfile.named('offline', { denyRead: ['/etc/passwd'] }).toSandboxPolicy(workspace()), { code: 'ProfileError', message: /denyRead/ });
  for (const form of [{}, { type: 'x' }, { type: 'external-sandbox' }, { type: 'read-only', x: 1 }, { type: 'workspace-write', writable_roots: 'x' }]) {
    assert.throws(() => SecurityProfile.fromSandboxPolicy(form), { code: 'ProfileError' }, JSON.stringify(form));
  }
});
