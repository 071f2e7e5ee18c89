// In a sandbox root has no right over the files of others, and is told so where it can't enter the workspace.
import assert from 'node:assert/strict';
import { chmodSync, chownSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { git } from './support/git.mjs';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

const OTHER = 61235;
const ROOT = process.getuid() === 0;

test('one that can\'t be entered is refused for that', async (t) => {
  const folder = workspace();
  git(folder, 'init', '-q');
  for (const name of ['.git/config', '.git/hooks', '.git', '.']) if (ROOT) chownSync(path.join(folder, name), OTHER, OTHER);
  chmodSync(folder, 0o700);
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  if (!ROOT) return assert.equal((await box.exec('true')).exitCode, 0);
  await assert.rejects(box.exec('true'), { code: 'SandboxUnavailable', message: /root has no right over files of other users.*run codex as their user/ });
});
