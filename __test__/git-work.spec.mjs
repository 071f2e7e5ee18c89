// Git does its work in a workspace whose hooks and settings are held.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { GIT, git, repository } from './support/git.mjs';
import { outside, workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const WRITE = { profile: 'workspace-write' };

test('add, commit, branch, merge, stash, reset, tag, gc', async (t) => {
  const folder = repository(workspace());
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const { exitCode, stderr, denials } = await sh(box, `set -e
    echo a > a; ${GIT} add a; ${GIT} commit -qm a; git checkout -qb topic; echo b > b; ${GIT} add b; ${GIT} commit -qm b
    git checkout -q main; ${GIT} merge -q --no-ff -m merge topic; echo c >> a; ${GIT} stash -q; ${GIT} stash pop -q; git checkout -q -- a
    git tag v1; git mv a c; ${GIT} commit -qm move; git reset -q --hard HEAD~1; ${GIT} rebase -q HEAD~1 || true; git gc -q; git worktree prune`);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(denials, []);
  const deleted = await sh(box, 'git branch -q -D topic');
  assert.equal(deleted.exitCode, 0, deleted.stderr);
  assert.deepEqual(deleted.denials.map(({ path: told }) => path.relative(folder, told)), ['.git/config'], 'git would take its settings away, too');
  assert.equal(git(folder, 'status', '--porcelain'), '');
  assert.match(git(folder, 'tag'), /v1/);
});

test('a worktree is added, worked in and removed', async (t) => {
  const folder = repository(workspace());
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const added = await sh(box, `git worktree add -q tree && cd tree && echo x > x && ${GIT} add x && ${GIT} commit -qm x`);
  assert.equal(added.exitCode, 0, added.stderr);
  assert.deepEqual(added.denials, []);
  assert.match(git(path.join(folder, 'tree'), 'log', '--oneline'), / x\n/);
  const removed = await sh(box, 'git worktree remove tree');
  assert.equal(removed.exitCode, 0, removed.stderr);
  assert.equal(existsSync(path.join(folder, 'tree')), false);
});

test('a submodule is updated and worked in', async (t) => {
  const [folder, source] = [repository(workspace()), repository(path.join(outside(), 'source'))];
  git(folder, 'submodule', '--quiet', 'add', source, 'sub');
  git(folder, 'commit', '-qm', 'sub');
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const { exitCode, stderr, denials } = await sh(box, `set -e
    git submodule status; cd sub; git checkout -qb topic; echo x > x; ${GIT} add x; ${GIT} commit -qm x; cd ..; ${GIT} add sub; ${GIT} commit -qm up
    ${GIT} submodule update; git submodule foreach -q 'git status --short'`);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(denials, []);
});

test('a submodule whose repository is not there yet is fetched', async (t) => {
  const [upstream, source, folder] = [repository(path.join(outside(), 'up')), repository(path.join(outside(), 'source')), workspace()];
  git(upstream, 'submodule', '--quiet', 'add', source, 'sub');
  git(upstream, 'commit', '-qm', 'sub');
  git(folder, 'clone', '-q', upstream, 'clone');
  git(path.join(folder, 'clone'), 'submodule', '--quiet', 'init');
  const box = sandbox(t, { ...WRITE, workspace: path.join(folder, 'clone') });
  const { exitCode, stderr, denials } = await sh(box, `${GIT} submodule --quiet update && cd sub && echo x > x && ${GIT} add x && ${GIT} commit -qm x`);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(denials, []);
});

test('a linked worktree whose repository lies elsewhere works when that is granted', async (t) => {
  const [main, folder] = [repository(path.join(outside(), 'main')), workspace()];
  const tree = path.join(folder, 'tree');
  git(main, 'worktree', 'add', '-q', tree);
  writeFileSync(path.join(tree, 'new'), 'x');
  const alone = sandbox(t, { ...WRITE, workspace: tree });
  const refused = await sh(alone, 'git add new');
  assert.notEqual(refused.exitCode, 0);
  assert.ok(refused.stderr.includes(path.join(main, '.git/worktrees/tree/index.lock')), refused.stderr);
  assert.ok(refused.hints.some((hint) => hint.includes(path.join(main, '.git')) && hint.includes('writable')), refused.hints.join());
  assert.equal(existsSync(path.join(main, '.git/worktrees/tree/index.lock')), false);
  const profile = SecurityProfile.named('workspace-write', { writable: [path.join(main, '.git')] });
  const box = sandbox(t, { profile, workspace: tree });
  const { exitCode, stderr, denials } = await sh(box, `git add new && ${GIT} commit -qm x`);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(denials, []);
  assert.match(git(tree, 'log', '--oneline'), / x\n/);
  const config = readFileSync(path.join(main, '.git/config'), 'utf8');
  await sh(box, `echo evil > ${main}/.git/hooks/pre-commit; echo evil >> ${main}/.git/config; rm -rf ${main}/.git/hooks`);
  assert.equal(readFileSync(path.join(main, '.git/config'), 'utf8'), config);
  assert.equal(existsSync(path.join(main, '.git/hooks/pre-commit')), false);
});

test('moves within the workspace stay moves', async (t) => {
  const folder = repository(workspace());
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const { exitCode, stderr } = await sh(box, `python3 -c "
import os
os.makedirs('a/b'); os.makedirs('c'); open('a/f', 'w').close()
os.rename('a/f', 'c/f'); os.link('c/f', 'a/b/g'); os.rename('a', 'c/a'); os.rename('c/f', 'f')"`);
  assert.equal(exitCode, 0, stderr);
});
