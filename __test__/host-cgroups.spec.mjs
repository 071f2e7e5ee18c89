// The control groups of the host can not be changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const result = await sh(box, `for folder in /sys/fs/cgroup /sys/fs/cgroup/*/; do
      mkdir "$folder/codex-spec" && echo made
      for file in release_agent notify_on_release cgroup.procs cgroup.subtree_control; do [ -e "$folder/$file" ] && echo 0 > "$folder/$file" && echo wrote; done
    done`);
    assert.equal(result.stdout, '');
  });
}
