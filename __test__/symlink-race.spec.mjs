// A folder of the workspace that turns into a symlink and back while it is written through leads nowhere outside.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { outside, snapshot, workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('names are swapped while they are written through', async (t) => {
  const [W, O] = [workspace(), outside()];
  mkdirSync(path.join(W, 'folder'));
  symlinkSync(O, path.join(W, 'link'));
  const before = snapshot(O);
  const box = sandbox(t, { profile: 'workspace-write', workspace: W });
  const result = await sh(box, `"${PROBE}" exchange folder link & while kill -0 $! 2> /dev/null; do for i in 1 2 3 4 5 6 7 8; do echo x > folder/file; mkdir folder/new; rm -f folder/file; done; done 2> /dev/null; wait; echo done`, { timeout: 60_000 });
  assert.match(result.stdout, /done\n$/);
  assert.equal(snapshot(O), before);
});
