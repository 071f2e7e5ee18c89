// Files can be moved and linked between folders of the workspace.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('rename and link', async (t) => {
  const W = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: W });
  const result = await sh(box, 'mkdir a b && echo x > a/one && mv a/one b/two && ln b/two a/three && ln -s ../b/two a/four && mv b a/b && cat a/b/two a/three');
  assert.equal(result.stdout, 'x\nx\n', result.stderr);
  assert.deepEqual(readdirSync(path.join(W, 'a')).sort(), ['b', 'four', 'three']);
});
