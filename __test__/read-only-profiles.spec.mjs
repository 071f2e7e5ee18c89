// `offline`, the default, and `net-read-only` read the workspace and write nothing on the host.
import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { git } from './support/git.mjs';
import { answer, script } from './support/node.mjs';
import { PARENTS, outside, snapshot, workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
import { environmentOf } from './support/user.mjs';

for (const [where, parent] of Object.entries(PARENTS)) {
  for (const profile of [undefined, 'offline', 'net-read-only']) {
    test(`${profile ?? 'the default'} reads and does not write a workspace ${where}`, async (t) => {
      const folder = workspace(parent);
      writeFileSync(path.join(folder, 'file'), 'as it was');
      const before = snapshot(folder);
      const box = sandbox(t, { profile, workspace: folder });
      const read = await sh(box, 'pwd; cat file; echo; cat "$PWD/file"');
      assert.equal(read.stdout, `${folder}\nas it was\nas it was`);
      assert.equal(read.enforcement.profile, profile ?? 'offline');
      for (const script of ['echo x > new', 'echo x >> file', ': > file', 'rm -f file', 'mv file other', 'mkdir new', 'chmod 777 file', 'touch file']) {
        assert.notEqual((await sh(box, script)).exitCode, 0, script);
        assert.equal(snapshot(folder), before, script);
      }
    });
  }
}

test('linters have a place for their caches, elsewhere than in the project', async (t) => {
  const script = 'echo "$RUFF_CACHE_DIR $MYPY_CACHE_DIR"; mkdir -p "$RUFF_CACHE_DIR" "$MYPY_CACHE_DIR"';
  for (const profile of ['offline', 'net-read-only']) {
    const result = await sh(sandbox(t, { profile, workspace: workspace() }), script);
    assert.deepEqual([result.exitCode, result.stdout], [0, '/tmp/.cache/ruff /tmp/.cache/mypy\n'], result.stderr);
  }
  for (const profile of ['workspace-write', 'trusted']) {
    const result = await sh(sandbox(t, { profile, workspace: workspace() }), 'echo "$RUFF_CACHE_DIR $MYPY_CACHE_DIR"');
    assert.equal(result.stdout, ' \n', 'it is where they write it');
  }
});

test('git, Python and npm do not try to write what they do without', async () => {
  for (const profile of ['offline', 'net-read-only']) {
    const folder = workspace();
    git(folder, 'init', '-q');
    writeFileSync(path.join(folder, 'module.py'), 'print("module")\n');
    writeFileSync(path.join(folder, 'package.json'), '{"name":"app","version":"1.0.0","scripts":{"say":"echo npm"}}');
    git(folder, 'add', '.');
    git(folder, 'commit', '-qm', 'first');
    // The index has to be looked at anew.
    utimesSync(path.join(folder, 'module.py'), 1, 1);
    const home = outside();
    mkdirSync(path.join(home, '.npm/_logs'), { recursive: true });
    const { PYTHONDONTWRITEBYTECODE, GIT_OPTIONAL_LOCKS, ...env } = environmentOf(home);
    const shell = 'git status --short && python3 -c "import module" && npm run -s say';
    const result = await answer(script(`codex.exec('sh', ['-c', facts.shell], { profile: facts.profile, workspace: facts.folder })
      .then((result) => process.stdout.write(JSON.stringify(result)));`, { shell, profile, folder }), { env });
    assert.deepEqual([result.exitCode, result.stdout], [0, 'module\nnpm\n'], result.stderr);
    assert.deepEqual(result.denials.filter(({ kind }) => kind === 'write'), []);
  }
});
