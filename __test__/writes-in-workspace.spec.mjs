// In the workspace profiles a run may do to its workspace whatever its user may, and the host sees it.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PARENTS, workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

for (const [where, parent] of Object.entries(PARENTS)) {
  for (const profile of ['workspace-write', 'workspace-net']) {
    test(`${profile} writes a workspace ${where}`, async (t) => {
      const folder = workspace(parent);
      const file = (name) => path.join(folder, name);
      writeFileSync(file('old'), 'old');
      writeFileSync(file('doomed'), 'old');
      mkdirSync(file('a'));
      mkdirSync(file('b'));
      const result = await sh(sandbox(t, { profile, workspace: folder }), `set -e
        echo new > new; echo more >> old; : > emptied; rm doomed
        echo moved > a/from; mv a/from b/to
        mkdir -p deep/er; mv deep/er b/er; rmdir deep
        ln new linked; ln -s new pointing; mkfifo pipe; chmod 750 new; touch -d 2001-02-03T00:00:00Z old
        printf '#!/bin/sh\\necho ran' > script; chmod +x script; ./script`);
      assert.equal(result.stderr, '');
      assert.equal(result.exitCode, 0);
      assert.equal(result.stdout, 'ran\n');
      assert.equal(readFileSync(file('new'), 'utf8'), 'new\n');
      assert.equal(readFileSync(file('old'), 'utf8'), 'oldmore\n');
      assert.equal(readFileSync(file('emptied'), 'utf8'), '');
      assert.equal(existsSync(file('doomed')), false);
      assert.deepEqual(readdirSync(file('a')), []);
      assert.equal(readFileSync(file('b/to'), 'utf8'), 'moved\n');
      assert.ok(statSync(file('b/er')).isDirectory());
      assert.equal(existsSync(file('deep')), false);
      assert.equal(statSync(file('linked')).ino, statSync(file('new')).ino);
      assert.equal(readlinkSync(file('pointing')), 'new');
      assert.ok(lstatSync(file('pipe')).isFIFO());
      assert.equal(statSync(file('new')).mode & 0o777, 0o750);
      assert.equal(statSync(file('old')).mtime.toISOString(), '2001-02-03T00:00:00.000Z');
      assert.equal(statSync(file('new')).uid, process.getuid());
      assert.equal(statSync(file('new')).gid, process.getgid());
    });
  }
}

test('a workspace may be given as a file: URL', async (t) => {
  const folder = workspace();
  const result = await sh(sandbox(t, { profile: 'workspace-write', workspace: pathToFileURL(folder) }), 'pwd; echo new > new');
  assert.equal(result.stdout, `${folder}\n`);
  assert.ok(existsSync(path.join(folder, 'new')));
});

test('a workspace given by a symlink is the folder that it points to', async (t) => {
  const [folder, link] = [workspace(), path.join(workspace(), 'link')];
  symlinkSync(folder, link);
  const result = await sh(sandbox(t, { profile: 'workspace-write', workspace: link }), 'echo new > new');
  assert.equal(result.exitCode, 0);
  assert.ok(existsSync(path.join(folder, 'new')));
});

test('changes that the host makes are seen by the next run', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  await sh(box, 'true');
  writeFileSync(path.join(folder, 'late'), 'from the host');
  assert.equal((await sh(box, 'cat late')).stdout, 'from the host');
});
