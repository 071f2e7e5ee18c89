// A run can't change a file or a folder outside what it may write, whichever way it tries.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { exec } from '../index.js';
import { PARENTS, outside, snapshot, workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

// Each is done in the workspace ($W) to the host folder outside ($O), and must fail. Under `trusted` it succeeds.
const WAYS = {
  'create a file': 'echo x > "$O/new"',
  'append to a file': 'echo x >> "$O/file"',
  'truncate a file': ': > "$O/file"',
  'truncate a file by its path': `"${PROBE}" call 76 "s:$O/file" 0 | grep -qx 0`,
  'go through ..': 'echo x > "$W/../${O##*/}/new"',
  'go through a chain of ..': 'echo x > "$W/../../../../../../../../../../$O/new"',
  'go through /proc/self/root': 'echo x > "/proc/self/root/$O/new"',
  'go through /proc/self/cwd': 'cd "$O" && echo x > /proc/self/cwd/new',
  'reopen a descriptor for writing': 'exec 3< "$O/file" && echo x > /proc/self/fd/3',
  'write through an old symlink to a folder': 'echo x > "$W/to-folder/new"',
  'write through an old symlink to a file': 'echo x > "$W/to-file"',
  'write through an old symlink to a name that is missing': 'echo x > "$W/to-missing"',
  'write through a new symlink': 'ln -s "$O" "$W/new-link" && echo x > "$W/new-link/new"',
  'rename a file in': `"${PROBE}" call 82 "s:$O/file" "s:$W/taken" | grep -qx 0`,
  'rename a file out': `echo x > "$W/mine"; "${PROBE}" call 82 "s:$W/mine" "s:$O/new" | grep -qx 0`,
  'rename within': 'mv "$O/file" "$O/renamed"',
  'replace a file': `echo x > "$W/mine"; "${PROBE}" call 82 "s:$W/mine" "s:$O/file" | grep -qx 0`,
  'hard-link a file in': 'ln "$O/file" "$W/linked"',
  'hard-link a file in and write it': 'ln "$O/file" "$W/linked" && echo x > "$W/linked"',
  'hard-link a file out': 'echo x > "$W/mine"; ln "$W/mine" "$O/new"',
  'remove a file': 'rm -f "$O/file"',
  'remove a tree': 'rm -rf "$O/folder"',
  'remove an empty folder': 'rmdir "$O/empty"',
  'make a folder': 'mkdir "$O/new"',
  'make a symlink': 'ln -s x "$O/new"',
  'make a fifo': 'mkfifo "$O/new"',
};

for (const [where, parent] of Object.entries(PARENTS)) {
  test(`nothing outside changes, with a workspace ${where}`, async (t) => {
    const place = prepare(parent);
    const box = sandbox(t, { profile: 'workspace-write', workspace: place.W });
    await refuseAll(box, place);
  });
}

for (const profile of RESTRICTED) {
  test(`nothing outside changes under ${profile}`, async (t) => {
    const place = prepare();
    await refuseAll(sandbox(t, { profile, workspace: place.W }), place);
  });
}

test('without a sandbox each of these does change something', async () => {
  for (const [way, script] of Object.entries(WAYS)) {
    const place = prepare();
    const before = snapshot(place.O);
    const result = await exec('sh', ['-c', script], { profile: 'trusted', workspace: place.W, env: { ...process.env, ...place } });
    assert.equal(result.exitCode, 0, `${way}: ${result.stderr}`);
    assert.notEqual(snapshot(place.O), before, way);
  }
});

async function refuseAll(box, place) {
  const before = snapshot(place.O);
  for (const [way, script] of Object.entries(WAYS)) {
    const result = await sh(box, script, { env: { ...process.env, ...place } });
    assert.equal(snapshot(place.O), before, way);
    assert.notEqual(result.exitCode, 0, `${way} said that it succeeded`);
    assert.equal(result.signal, null, way);
  }
}

function prepare(parent) {
  const [W, O] = [workspace(parent), outside()];
  writeFileSync(path.join(O, 'file'), 'as it was');
  mkdirSync(path.join(O, 'folder'));
  mkdirSync(path.join(O, 'empty'));
  writeFileSync(path.join(O, 'folder', 'inner'), 'as it was');
  symlinkSync(O, path.join(W, 'to-folder'));
  symlinkSync(path.join(O, 'file'), path.join(W, 'to-file'));
  symlinkSync(path.join(O, 'new'), path.join(W, 'to-missing'));
  return { W, O };
}
