// A profile is immutable; an extension adds to it and loses no restriction.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodexError, SecurityProfile } from '../index.js';

const refused = { name: 'CodexError', code: 'ProfileError' };

test('what is added adds up', () => {
  const base = SecurityProfile.named('workspace-write', { denyRead: ['/a'], writable: ['/x'] });
  const extended = base.extend({ denyRead: ['/b', '/a'], writable: ['/y'], network: 'none', environment: { deny: ['A'], set: { B: '1' } } });
  assert.deepEqual(base.toJSON(), { profile: 'workspace-write', writable: ['/x'], denyRead: ['/a'] });
  assert.deepEqual(extended.toJSON(), {
    profile: 'workspace-write', writable: ['/x', '/y'], denyRead: ['/a', '/b'], network: 'none', environment: { deny: ['A'], set: { B: '1' } } });
  assert.ok(extended instanceof SecurityProfile);
  assert.equal(extended.name, 'workspace-write');
});

test('its JSON makes the same profile again', () => {
  const profile = SecurityProfile.named('workspace-net', { denyRead: ['~/secret', 'relative'], network: 'none', environment: { mode: 'minimal', allow: ['A'] } });
  const { profile: name, ...overrides } = JSON.parse(JSON.stringify(profile));
  assert.deepEqual(SecurityProfile.named(name, overrides).toJSON(), profile.toJSON());
  assert.deepEqual(SecurityProfile.named(name, profile.toJSON()).toJSON(), profile.toJSON());
});

test('what would undo a restriction is refused', () => {
  const narrow = SecurityProfile.named('workspace-net', { network: 'none', environment: { mode: 'minimal' } });
  for (const overrides of [{ network: 'outbound' }, { environment: { mode: 'inherit' } }, { profile: 'trusted' }]) assert.throws(() => narrow.extend(overrides), refused);
  assert.throws(() => SecurityProfile.named('offline', { profile: 'trusted' }), refused);
});

test('what a profile can not hold is refused', () => {
  for (const [name, overrides] of [
    ['offline', { network: 'outbound' }], ['workspace-write', { network: 'outbound' }], ['offline', { writable: ['/x'] }], ['trusted', { denyRead: ['/x'] }], ['trusted', { network: 'none' }],
    ['workspace-write', { denyRead: ['a['] }], ['workspace-write', { writable: [''] }], ['workspace-write', { denyRead: ['~root/x'] }],
  ]) {
    assert.throws(() => SecurityProfile.named(name, overrides), (error) => error instanceof CodexError && error.code === 'ProfileError', JSON.stringify(overrides));
  }
});

test('nobody can change it', () => {
  const profile = SecurityProfile.named('offline');
  assert.throws(() => { profile.name = 'trusted'; }, TypeError);
  profile.toJSON().profile = 'trusted';
  assert.equal(profile.name, 'offline');
  assert.equal(profile.toJSON().profile, 'offline');
});
