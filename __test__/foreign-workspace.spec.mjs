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

test('in one that can be entered, a command that fails is explained', async (t) => {
  const folder = workspace();
  if (ROOT) chownSync(folder, OTHER, OTHER);
  chmodSync(folder, 0o755);
  const explained = ({ hints }) => hints.filter((hint) => /belongs to another user.*run codex as their user/.test(hint)).length;
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  const failed = await box.exec('sh', ['-c', 'touch file && exit 1']);
  assert.deepEqual([failed.exitCode, explained(failed)], [1, ROOT ? 1 : 0]);
  assert.equal(explained(await box.exec('true')), 0);
  assert.equal(explained(await sandbox(t, { profile: 'offline', workspace: folder }).exec('false')), 0, 'nothing was to be written');
});
