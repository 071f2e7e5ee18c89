// A NUL byte, which would end a string for the kernel, is refused wherever it stands.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Sandbox, SecurityProfile } from '../index.js';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

test('in a command', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  for (const command of [
    ['touch\0x', ['made']], ['touch', ['made\0x']], ['touch', ['ok', 'made', '\0']], ['touch', ['made'], { cwd: '.\0x' }],
    ['touch', ['made'], { env: { 'A\0B': 'x' } }], ['touch', ['made'], { env: { A: 'x\0y' } }], ['touch', ['made'], { env: { A: 'x\0PATH=/x' } }],
  ]) {
    await assert.rejects(box.exec(...command), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: /NUL/ });
    assert.throws(() => box.execSync(...command), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
  }
  assert.deepEqual(readdirSync(folder), []);
});

test('in a sandbox or a profile', () => {
  assert.throws(() => new Sandbox({ workspace: `${workspace()}\0x` }), { name: 'TypeError' });
  assert.throws(() => new Sandbox({ profile: 'offline\0' }), /NUL|profile/);
  for (const overrides of [{ writable: ['/x\0'] }, { denyRead: ['/x\0'] }, { environment: { set: { 'A\0': 'x' } } }, { environment: { set: { A: '\0' } } }, { environment: { deny: ['\0'] } }]) {
    assert.throws(() => SecurityProfile.named('workspace-write', overrides), { code: 'ProfileError' }, JSON.stringify(overrides));
  }
  assert.throws(() => SecurityProfile.named('offline').explain({ read: 'x\0' }), TypeError);
});

test('in a profile file\'s path', async () => {
  await assert.rejects(SecurityProfile.load(path.join(workspace(), 'a\0.toml')), TypeError);
});
