// A command works in the workspace, or where it is told to; a folder that it can't enter is told apart from its program.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const folder = workspace();
    const inner = path.join(folder, 'an inner folder');
    mkdirSync(inner);
    symlinkSync(inner, path.join(folder, 'link'));
    writeFileSync(path.join(folder, 'file'), '');
    mkdirSync(path.join(folder, 'closed'));
    const box = sandbox(t, { profile, workspace: folder });
    for (const [cwd, expected] of [
      [undefined, folder], ['.', folder], ['an inner folder', inner], [inner, inner], [pathToFileURL(inner), inner], ['link', inner], ['/', '/'], ['/usr', '/usr'],
      ['an inner folder/..', folder],
    ]) {
      const { stdout } = await box.exec('pwd', ['-P'], { cwd });
      assert.equal(stdout, `${expected}\n`, `${cwd}`);
    }
    for (const [cwd, code] of [['missing', 'ENOENT'], ['/nonexistent', 'ENOENT'], ['file', 'ENOTDIR']]) {
      await assert.rejects(box.exec('true', [], { cwd }), (error) => {
        assert.equal(error.code, code, cwd);
        assert.equal(error.path, path.resolve(folder, cwd));
        assert.match(error.message, /working directory/);
        return true;
      });
    }
    if (process.getuid() !== 0 || profile !== 'trusted') {
      chmodSync(path.join(folder, 'closed'), 0);
      await assert.rejects(box.exec('true', [], { cwd: 'closed' }), { code: 'EACCES', message: /working directory/ });
    }
    await assert.rejects(box.exec('no-such-program'), ({ message }) => !/working directory/.test(message));
  });
}
