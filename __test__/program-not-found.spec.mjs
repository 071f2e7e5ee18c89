// A program that is missing is ENOENT, and the error names it.
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { CodexError } from '../index.js';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const folder = workspace();
    writeFileSync(path.join(folder, 'interpreted'), '#!/nonexistent/interpreter\n', { mode: 0o755 });
    writeFileSync(path.join(folder, 'file'), '');
    symlinkSync('nowhere', path.join(folder, 'dangling'));
    const box = sandbox(t, { profile, workspace: folder });
    for (const program of ['no-such-program', '/nonexistent/program', './missing', './dangling', './interpreted', './file/program']) {
      await assert.rejects(box.exec(program, ['argument']), (error) => {
        assert.ok(error instanceof CodexError && error instanceof Error);
        assert.equal(error.code, 'ENOENT', program);
        assert.equal(error.errno, -2);
        assert.equal(error.path, program);
        assert.ok(error.message.includes(program));
        return true;
      });
      assert.throws(() => box.execSync(program), { code: 'ENOENT', path: program });
    }
  });
}

test('it is not an exit code: a program may end with 127', async (t) => {
  const result = await sandbox(t, { workspace: workspace() }).exec('sh', ['-c', 'no-such-program']);
  assert.equal(result.exitCode, 127);
});

test('the stack names the caller', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  await assert.rejects(box.exec('no-such-program'), ({ stack }) => stack.includes('program-not-found.spec.mjs'));
});
