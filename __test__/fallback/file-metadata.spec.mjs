// Modes, owners and times of files outside are not held, and said not to be; what is in the files is.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { outside, workspace } from '../support/places.mjs';
import { lacks } from '../support/lacks.mjs';
import { RESTRICTED, sandbox, sh } from '../support/sandbox.mjs';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const [folder, file] = [workspace(), path.join(outside(), 'file')];
    writeFileSync(file, 'as it was');
    const box = sandbox(t, { profile, workspace: folder });
    await sh(box, `chmod 640 ${file}; chmod 4755 ${file}; echo x > ${file}`);
    assert.equal(statSync(file).mode & 0o7777, 0o640, 'a mode, but no set-id bit');
    assert.equal(readFileSync(file, 'utf8'), 'as it was');
    await lacks('file-metadata', { profile, workspace: folder });
  });
}
