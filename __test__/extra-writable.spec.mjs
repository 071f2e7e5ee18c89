// `writable` adds a folder, and nothing beside it.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { PARENTS, outside, snapshot, workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

for (const [where, parent] of Object.entries(PARENTS)) {
  test(`a folder ${where} can be made writable`, async (t) => {
    const [folder, extra, beside] = [workspace(), workspace(parent), outside()];
    const before = snapshot(beside);
    const box = sandbox(t, { profile: SecurityProfile.named('workspace-write', { writable: [extra] }), workspace: folder });
    const result = await sh(box, `echo one > ${extra}/one && echo two > two; echo three > ${beside}/three`);
    assert.equal(readFileSync(path.join(extra, 'one'), 'utf8'), 'one\n');
    assert.equal(readFileSync(path.join(folder, 'two'), 'utf8'), 'two\n');
    assert.notEqual(result.exitCode, 0);
    assert.equal(snapshot(beside), before);
  });
}

test('a relative one is below the workspace, and may lie outside it', async (t) => {
  const parent = workspace();
  const folder = path.join(parent, 'project');
  mkdirSync(folder);
  mkdirSync(path.join(parent, 'cache'));
  const box = sandbox(t, { profile: SecurityProfile.named('workspace-write', { writable: ['../cache'] }), workspace: folder });
  await sh(box, 'echo x > ../cache/x; echo y > ../y');
  assert.ok(existsSync(path.join(parent, 'cache', 'x')));
  assert.equal(existsSync(path.join(parent, 'y')), false);
});

test('a read-only profile can not hold it', () => {
  for (const profile of ['offline', 'net-read-only', 'trusted']) {
    assert.throws(() => SecurityProfile.named(profile, { writable: [outside()] }), { code: 'ProfileError', message: /writable/ });
  }
});
