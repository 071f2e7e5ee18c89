// The settings of the kernel can be read and not written, by root neither.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const SETTINGS = ['/proc/sys/kernel/core_pattern', '/proc/sys/vm/swappiness', '/proc/sys/kernel/hostname', '/proc/sys/fs/file-max'];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const setting of SETTINGS) {
      const before = readFileSync(setting, 'utf8');
      const result = await sh(box, `value=$(cat ${setting}) && echo changed-by-spec > ${setting}`);
      assert.notEqual(result.exitCode, 0, setting);
      assert.equal(readFileSync(setting, 'utf8'), before, setting);
    }
    for (const file of ['/proc/sysrq-trigger', '/sys/kernel/uevent_helper', '/sys/power/state', '/proc/self/oom_score_adj', '/proc/self/uid_map']) {
      assert.notEqual((await sh(box, `echo 0 > ${file}`)).exitCode, 0, file);
    }
  });
}
