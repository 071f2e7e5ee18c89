// ps and top work, and list the run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('what is listed', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  const listed = await sh(box, 'sleep 5 & ps -eo pid,args; top -bn1 > /dev/null && echo top-works; kill $!');
  assert.match(listed.stdout, /sleep 5/, listed.stderr);
  assert.match(listed.stdout, /top-works/);
  assert.ok(listed.stdout.split('\n').length < 10, 'nothing of the host');
});
