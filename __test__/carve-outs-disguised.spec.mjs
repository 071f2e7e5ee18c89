// What makes a later command on the host run code is found also where a run hides it: behind another name of the same file, behind
// modes that close it to its own user, behind links that lead nowhere yet, and deeper than any stack.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { GIT, git, repository } from './support/git.mjs';
import { run } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

const WRITE = { profile: 'workspace-write' };
const EVIL = String.raw`printf "[core]\n\tfsmonitor = evil\n"`;

/** What is left of it. */
async function evil(folder) {
  const found = await run(['grep', '-rlE', 'evil', folder]);
  return found.stdout;
}

test('the settings of a submodule, through another name of theirs', async (t) => {
  const folder = repository(workspace());
  git(folder, 'submodule', '--quiet', 'add', repository(path.join(outside(), 'source')), 'sub');
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const { exitCode, denials } = await sh(box, `cd .git/modules/sub && ln config objects/other && ${EVIL} >> objects/other && rm objects/other`);
  assert.equal(exitCode, 0);
  assert.deepEqual(denials.map(({ rule }) => rule), ['carve-out']);
  assert.doesNotMatch(readFileSync(path.join(folder, '.git/modules/sub/config'), 'utf8'), /evil/);
});

test('those of a new repository, through a name that an earlier run gave them', async (t) => {
  const tree = 'new/.git/worktrees/tree';
  for (const [name, at, made] of [
    ['config', 'new/.git', 'true'],
    ['config.worktree', 'new/.git', 'printf "[core]\n" > config.worktree'],
    ['commondir', tree, 'echo "ref: refs/heads/main" > HEAD && printf ../.. > commondir'],
  ]) {
    const folder = workspace();
    const box = sandbox(t, { ...WRITE, workspace: folder });
    const first = await sh(box, `${GIT} init -q new && mkdir -p ${tree} && cd ${at} && ${made} && ln ${name} ${folder}/other`);
    assert.deepEqual([first.exitCode, first.denials], [0, []], name);
    const second = await sh(box, `${EVIL} >> other`);
    assert.deepEqual(second.denials.map(({ path: file }) => file), [path.join(folder, at, name)]);
    await run(['rm', path.join(folder, 'other')]);
    assert.equal(await evil(folder), '', name);
    await box.close();
  }
});

test('what is closed to its own user', async (t) => {
  const HOOK = 'mkdir -p a/b/.git/hooks && echo evil > a/b/.git/hooks/pre-commit';
  for (const [name, scripts] of Object.entries({
    'a folder that nobody can list': [`${HOOK} && chmod 311 a/b`],
    'a git directory that nobody can list': [`${HOOK} && chmod 311 a/b/.git`],
    'a folder that is opened later': [`${HOOK} && chmod 0 a`, 'chmod 755 a'],
    'a folder above one that is watched': ['mkdir -p a/b', `${HOOK} && chmod 0 a`, 'chmod 755 a'],
    'hooks that nobody can take out': [`${HOOK} && chmod 555 a/b/.git/hooks`],
    'a pointer that nobody can read': ['mkdir -p new/.git && echo evil > new/.git/commondir && chmod 0 new/.git/commondir'],
    'a folder that nobody can move': ['mkdir -p .vscode/in && echo evil > .vscode/in/x && chmod 0 .vscode/in && chmod 555 .vscode'],
    'a workspace that nobody can write': ['echo evil > .envrc && chmod 555 .'],
  })) {
    // In memory, too: what can't be moved to the quarantine is copied and removed.
    for (const parent of [undefined, '/dev/shm']) {
      const folder = workspace(parent);
      const box = sandbox(t, { ...WRITE, workspace: folder });
      const denials = [];
      for (const script of scripts) {
        const result = await sh(box, script);
        assert.equal(result.exitCode, 0, `${name}: ${result.stderr}`);
        denials.push(...result.denials);
      }
      assert.equal(denials.length, 1, name);
      await run(['chmod', '-R', 'u+rwX', folder, process.env.TMPDIR]);
      assert.equal(await evil(folder), '', name);
      assert.doesNotMatch(denials[0].reason, /could not/, name);
      await box.close();
    }
  }
});

test('a git directory that is complete only when its links lead somewhere', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const first = await sh(box, `mkdir -p bare/hooks bare/refs && echo "ref: refs/heads/main" > bare/HEAD && ln -s ../later bare/objects && ${EVIL} > bare/config && echo evil > bare/hooks/pre-commit`);
  const second = await sh(box, 'mkdir later');
  assert.equal(first.denials.length + second.denials.length, 2);
  assert.equal(await evil(folder), '');
});

/** What git takes for a git directory. */
const bare = (folder) => `mkdir -p ${folder}/objects ${folder}/refs && echo "ref: refs/heads/main" > ${folder}/HEAD`;
const ready = (folder) => `${bare(folder)} && ${EVIL} > ${folder}/config`;
const nested = (folder) => `${GIT} init -q ${folder} && ${EVIL} >> ${folder}/.git/config`;
const pointer = (folder) => `mkdir -p sub && echo "gitdir: ../${folder}" > sub/.git`;

test('a repository in what looks like a git directory, or that a pointer leads to only later', async (t) => {
  for (const [name, { before = [], sandboxes }] of Object.entries({
    'in a repository without a working tree': { sandboxes: [[`${bare('sub')} && ${nested('sub/in')}`]] },
    'in one of an earlier run': { sandboxes: [[bare('sub'), nested('sub/in')]] },
    'in one of an earlier sandbox': { sandboxes: [[bare('.')], [nested('lib/in')]] },
    'in the folders that git has there': {
      sandboxes: [[`${bare('sub')} && mkdir sub/info`, 'mkdir sub/modules sub/info/in', `${bare('sub/modules/in')} && ${bare('sub/info/in')}`, `${nested('sub/modules/in/a')} && ${nested('sub/info/in/b')}`]],
    },
    'in a folder that makes it one': { before: ['mkdir refs && echo "ref: refs/heads/main" > HEAD'], sandboxes: [[`mkdir objects && ${nested('objects/in')}`]] },
    'whose git directory was elsewhere meanwhile': { sandboxes: [[`${GIT} init -q new`, 'mv new/.git other', 'mv other new/.git', `${EVIL} > new/.git/c && mv new/.git/c new/.git/config`]] },
    'made after the pointer': { before: ['git init -q'], sandboxes: [[pointer('.git/a/b'), ready('.git/a/b')]] },
    'made after the sandbox of the pointer': { before: ['git init -q'], sandboxes: [[pointer('.git/a/b')], [ready('.git/a/b')]] },
    'put in the place of another': { before: ['git init -q'], sandboxes: [[`${pointer('.git/a/b/c')} && ${bare('.git/a/b/c')}`, `${ready('.git/a/c')} && rm -r .git/a/b/c && mv .git/a/c .git/a/b`]] },
    'in that of a submodule': { before: ['git init -q'], sandboxes: [[`${pointer('.git/modules/a/b')} && ${bare('.git/modules/a')}`, ready('.git/modules/a/b')]] },
    'where a pointer leads that was changed in its place': { before: ['git init -q'], sandboxes: [[`${GIT} init -q good && ${pointer('good/.git')}`, `${ready('.git/a')} && ${pointer('.git/a')}`]] },
    'through a link on the way of the pointer': {
      before: ['git init -q'],
      sandboxes: [[`${pointer('p/new/.git')} && ${bare('p/new/.git')}`], [`${ready('.git/a/new/.git')} && mv p q && ln -s .git/a p`]],
    },
  })) {
    const folder = workspace();
    mkdirSync(path.join(folder, 'lib'));
    for (const script of before) await run(['sh', '-c', script], { cwd: folder });
    const denials = [];
    for (const scripts of sandboxes) {
      const box = sandbox(t, { ...WRITE, workspace: folder });
      for (const script of scripts) {
        const result = await sh(box, script);
        assert.equal(result.exitCode, 0, `${name}: ${result.stderr}`);
        denials.push(...result.denials);
      }
      await box.close();
    }
    assert.ok(denials.length > 0, name);
    assert.equal(await evil(folder), '', name);
  }
});

test('a repository that lies in an earlier one is held like any other', async (t) => {
  const folder = workspace();
  repository(path.join(folder, 'lib'));
  const first = sandbox(t, { ...WRITE, workspace: folder });
  assert.equal((await sh(first, bare('.'))).exitCode, 0);
  await first.close();
  const { exitCode } = await sh(sandbox(t, { ...WRITE, workspace: folder }), `${EVIL} >> lib/.git/config`);
  assert.notEqual(exitCode, 0);
  assert.equal(await evil(folder), '');
});

test('a git directory whose settings lie in what is none', async (t) => {
  for (const [at, common] of [['evil', '../other'], ['in/evil', '../other'], ['other/worktrees/evil', '../..']]) {
    const folder = workspace();
    const other = path.join(at, common);
    const script = `mkdir -p ${at} ${other}/objects ${other}/refs && echo "ref: refs/heads/main" > ${at}/HEAD && ${EVIL} > ${other}/config && echo ${common} > ${at}/commondir`;
    const { exitCode, denials } = await sh(sandbox(t, { ...WRITE, workspace: folder }), script);
    assert.deepEqual([exitCode, denials.map(({ path: file }) => file)], [0, [path.join(folder, at, 'commondir')]]);
    assert.equal(existsSync(path.join(folder, at, 'commondir')), false);
  }
});

test('what is deeper than a stack', async (t) => {
  const folder = workspace('/dev/shm');
  const box = sandbox(t, { ...WRITE, workspace: folder });
  // From the bottom up: the kernel looks at each folder above a new one.
  const script = "import os; os.mkdir('d')\nfor _ in range(30000): os.mkdir('x'); os.rename('d', 'x/d'); os.rename('x', 'd')\nos.rename('d', '.vscode')";
  const { exitCode, denials } = await box.exec('python3', ['-c', script]);
  assert.deepEqual([exitCode, denials.map(({ rule }) => rule)], [0, ['carve-out']]);
  assert.deepEqual(readdirSync(folder), []);
});

test('that more folders were made than are watched is told from then on', async (t) => {
  const folder = workspace('/dev/shm');
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const told = ({ enforcement }) => enforcement.unenforced.some(({ promise }) => promise === 'carve-outs');
  const first = await sh(box, 'seq 8200 | xargs mkdir; mkdir -p 1/.git/hooks; echo evil > 1/.git/hooks/pre-commit');
  // All that it made was looked at.
  assert.deepEqual([first.exitCode, told(first), await evil(folder)], [0, false, '']);
  assert.equal(told(await sh(box, 'true')), true);
});

test('what the host removed, and a run makes anew', async (t) => {
  const folder = repository(workspace());
  mkdirSync(path.join(folder, '.vscode'));
  for (const name of ['.envrc', '.vscode/tasks.json', '.git/hooks/pre-push']) writeFileSync(path.join(folder, name), 'of the host');
  const box = sandbox(t, { ...WRITE, workspace: folder });
  await sh(box, 'true');
  await run(['rm', '-r', path.join(folder, '.envrc'), path.join(folder, '.vscode'), path.join(folder, '.git/hooks')]);
  const { exitCode, denials } = await sh(box, 'mkdir .vscode .git/hooks && echo evil | tee .envrc .vscode/tasks.json > .git/hooks/pre-commit');
  assert.equal(exitCode, 0);
  assert.deepEqual(denials.map(({ path: file }) => path.relative(folder, file)).sort(), ['.envrc', '.git/hooks', '.vscode']);
  assert.equal(await evil(folder), '');
});

test('settings that the host changes while a run is under way stay, and what the run adds to them goes', async (t) => {
  const folder = repository(workspace());
  git(folder, 'config', 'filter.mine.clean', 'cat');
  const box = sandbox(t, { ...WRITE, workspace: folder });
  await sh(box, 'true');
  const running = sh(box, ': > begun; until [ -e replaced ]; do sleep 0.05; done; git config core.fsmonitor evil');
  await until(() => existsSync(path.join(folder, 'begun')));
  git(folder, 'config', 'user.name', 'somebody');
  writeFileSync(path.join(folder, 'replaced'), '');
  assert.equal((await running).exitCode, 0);
  assert.equal(await evil(folder), '');
  assert.equal(git(folder, 'config', '--local', 'user.name'), 'somebody\n');
  assert.equal(git(folder, 'config', '--local', 'filter.mine.clean'), 'cat\n');
});
