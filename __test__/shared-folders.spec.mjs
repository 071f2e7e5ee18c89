// Folders and repositories that a team shares have the set-group-id bit on their directories.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('a directory can have the set-group-id bit', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  const script = `mkdir a b c d e && chmod g+s a && chmod 2775 b/ && ln -s ../c b/link && chmod g+s b/link && cp -a a copy &&
    ln -s / root && chmod g+s "root$PWD/d" && cd e && chmod g+s . && chmod g+s ../../"\${OLDPWD##*/}"/copy/. && ln -s "$OLDPWD/a" /tmp/link && chmod 2711 /tmp/link`;
  const { exitCode, stderr } = await sh(box, script);
  assert.deepEqual([exitCode, stderr], [0, '']);
  const modes = ['a', 'b', 'c', 'd', 'e', 'copy'].map((name) => statSync(path.join(folder, name)).mode & 0o7777);
  assert.deepEqual(modes, [0o2711, 0o2775, 0o2755, 0o2755, 0o2755, 0o2755]);
  assert.equal((await sh(box, `"${PROBE}" call 91 3 ${0o2700} 3< a`)).stdout, '0\n', 'fchmod');
  assert.equal(statSync(path.join(folder, 'a')).mode & 0o7777, 0o2700);
});

test('a team shares a repository by that bit', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  const script = 'git init -q --shared=group && echo a > f && git add f && git -c user.name=t -c user.email=t@e commit -qm x';
  const { exitCode, stderr, denials } = await sh(box, script);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(denials, []);
});
