// What `explain` says is what happens.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { outside, workspace } from './support/places.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

test('reads and writes, asked and tried', async (t) => {
  for (const name of [...RESTRICTED, 'trusted']) {
    const [folder, base] = [workspace(), outside()];
    mkdirSync(path.join(folder, 'inner'));
    symlinkSync(base, path.join(folder, 'out'));
    symlinkSync(folder, path.join(base, 'in'));
    for (const place of [folder, base]) ['file', 'secret'].forEach((file) => writeFileSync(path.join(place, file), 'content'));
    const denied = name === 'trusted' ? {} : { denyRead: [path.join(base, 'secret'), 'secret'] };
    const profile = SecurityProfile.named(name, denied);
    const box = sandbox(t, { profile, workspace: folder });
    for (const target of ['file', 'secret', 'new', 'inner/new', 'out/file', 'out/secret', 'out/new', `${base}/in/file`, `${base}/file`, '/tmp/new', '/dev/null', '../new', '/usr/new']) {
      const write = profile.explain({ write: target }, folder);
      // Not in trusted: it would be done.
      if (name !== 'trusted') assert.equal((await sh(box, `: >> "${target}"`)).exitCode === 0, write.allowed, `${name} writes ${target}: ${write.reason}`);
      if (!target.endsWith('new')) {
        const read = profile.explain({ read: target }, folder);
        assert.equal((await sh(box, `cat "${target}"`)).exitCode === 0, read.allowed, `${name} reads ${target}: ${read.reason}`);
      }
    }
  }
});

test('connections', () => {
  for (const [name, allowed] of [['offline', false], ['net-read-only', true], ['workspace-write', false], ['workspace-net', true], ['trusted', true]]) {
    for (const connect of ['example.org', 'example.org:443', '192.0.2.1:80', '[2001:db8::1]:80']) {
      assert.equal(new SecurityProfile(name).explain({ connect }).allowed, allowed, `${name} ${connect}`);
    }
  }
  assert.equal(new SecurityProfile('offline').explain({ connect: '127.0.0.1:80' }).rule, 'private-loopback');
});

test('an answer has a rule, a reason and, where something would help, a grant', () => {
  const folder = workspace();
  const yes = new SecurityProfile('workspace-write').explain({ write: 'x' }, folder);
  assert.deepEqual([yes.allowed, yes.rule, yes.grant], [true, 'workspace', null]);
  const no = new SecurityProfile('offline').explain({ write: 'x' }, folder);
  assert.deepEqual([no.allowed, no.rule], [false, 'read-only-profile']);
  assert.match(no.grant, /workspace-write/);
  assert.ok(yes.reason && no.reason);
});

test('the grant for a network is a profile that has one, or the key that took it away', () => {
  for (const [name, overrides, grant] of [
    ['offline', {}, 'use the profile net-read-only'],
    ['workspace-write', {}, 'use the profile workspace-net'],
    ['net-read-only', { network: 'none' }, 'take network: "none" out of the profile'],
    ['workspace-net', { network: 'none' }, 'take network: "none" out of the profile'],
  ]) {
    assert.equal(new SecurityProfile(name, overrides).explain({ connect: 'example.com' }).grant, grant, name);
  }
});
