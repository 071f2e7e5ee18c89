// Where some calls are already answered by another process, as in containers of LXC, the kernel takes no second one: runs are held as
// ever, only nothing of what is refused is told, and the result says so.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answering } from './support/filter.mjs';
import { answer, script } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';
import { RESTRICTED } from './support/sandbox.mjs';

test('runs are held, and that refusals are not told is', async () => {
  const facts = { outside: outside(), workspace: workspace(), profiles: RESTRICTED };
  const results = await answer(answering('acct', 'waits', script(`(async () => {
    const results = [];
    for (const profile of facts.profiles) {
      results.push(await codex.exec('sh', ['-c', 'echo x > ' + facts.outside + '/f; echo y > y'], { profile, workspace: facts.workspace }));
    }
    process.stdout.write(JSON.stringify(results));
  })();`, facts)));
  for (const { exitCode, stderr, denials, enforcement } of results) {
    assert.match(stderr, /Read-only file system|Permission denied/);
    assert.equal(exitCode, enforcement.profile.startsWith('workspace') ? 0 : 2, stderr);
    assert.deepEqual([denials, enforcement.denials], [[], 'off']);
  }
  assert.deepEqual([existsSync(path.join(facts.outside, 'f')), existsSync(path.join(facts.workspace, 'y'))], [false, true]);
});
