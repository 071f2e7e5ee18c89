// What is there and can't be executed is told apart from what is missing.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const folder = workspace();
    writeFileSync(path.join(folder, 'no-permission'), '#!/bin/sh\n', { mode: 0o644 });
    writeFileSync(path.join(folder, 'no-format'), 'echo this is no program\n', { mode: 0o755 });
    writeFileSync(path.join(folder, 'empty'), '', { mode: 0o755 });
    mkdirSync(path.join(folder, 'folder'));
    const box = sandbox(t, { profile, workspace: folder });
    for (const [program, code] of [['./no-permission', 'EACCES'], ['./folder', 'EACCES'], ['/', 'EACCES'], ['./no-format', 'ENOEXEC'], ['./empty', 'ENOEXEC']]) {
      await assert.rejects(box.exec(program), (error) => {
        assert.equal(error.code, code, program);
        assert.equal(error.path, program);
        assert.ok(error.errno < 0);
        assert.ok(error.message.includes(program));
        return true;
      });
    }
    // As in a shell: what may not be run is the better explanation than what is missing.
    await assert.rejects(box.exec('no-permission', [], { env: { PATH: `${folder}:/nonexistent` } }), { code: 'EACCES' });
  });

  test(`a script whose interpreter is missing, under ${profile}`, async (t) => {
    const folder = workspace();
    writeFileSync(path.join(folder, 'script'), '#!/no/such/interpreter\n', { mode: 0o755 });
    const box = sandbox(t, { profile, workspace: folder });
    for (const [program, options] of [['./script', {}], ['script', { env: { PATH: `/nonexistent:${folder}` } }]]) {
      await assert.rejects(box.exec(program, [], options), { code: 'ENOENT', path: program, message: /interpreter/ });
    }
    await assert.rejects(box.exec('./nothing'), { code: 'ENOENT', message: /not found/ });
  });
}
