// What makes a later command on the host run code stays as it is in a writable workspace: at any depth, under another name, and
// when it isn't there yet. Nothing of the protection is left on the host.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile, exec } from '../index.js';
import { CLI } from './support/cli.mjs';
import { GIT, activeHooks, git, repository } from './support/git.mjs';
import { run } from './support/node.mjs';
import { PARENTS, outside, workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const WRITE = { profile: 'workspace-write' };

/** A workspace with a repository, one nested in it, a submodule, a linked worktree, and editor settings. */
function project(parent) {
  const folder = workspace(parent);
  const source = repository(path.join(outside(), 'source'));
  repository(folder);
  repository(path.join(folder, 'deep', 'er', 'nested'));
  git(folder, 'submodule', '--quiet', 'add', source, 'sub');
  git(folder, 'commit', '-qm', 'sub');
  git(folder, 'worktree', 'add', '-q', path.join(folder, 'tree'));
  for (const file of ['.vscode/tasks.json', '.envrc', '.claude/settings.json', '.mcp.json']) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), 'before');
  }
  return folder;
}

/** Names, kinds and contents of what is protected, with everything at the top. */
function protectedState(folder) {
  const state = {};
  const note = (file) => {
    const found = lstatSync(path.join(folder, file), { throwIfNoEntry: false });
    if (found?.isDirectory()) readdirSync(path.join(folder, file)).forEach((name) => note(path.join(file, name)));
    else state[file] = found === undefined ? 'absent' : found.isFile() ? readFileSync(path.join(folder, file), 'utf8') : 'other';
  };
  for (const repositories of ['.git', 'deep/er/nested/.git', '.git/modules/sub', '.git/worktrees/tree']) {
    for (const name of ['hooks', 'config', 'config.worktree', 'info/attributes', 'commondir', 'gitdir']) note(path.join(repositories, name));
  }
  for (const name of ['.vscode', '.envrc', '.claude', '.mcp.json', '.idea', '.bashrc', '.cursor', 'tree/.git', 'sub/.git']) note(name);
  return state;
}

const ATTACKS = {
  'a hook': 'echo evil > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit',
  'a hook, from a sample': 'mv .git/hooks/pre-commit.sample .git/hooks/pre-commit',
  'the settings': 'echo "[core] fsmonitor = evil" >> .git/config; git config core.fsmonitor evil',
  'the settings, replaced': 'echo evil > new; mv -f new .git/config; rm -f .git/config; ln -sf ../new .git/config',
  'settings of worktrees': 'echo evil > .git/config.worktree',
  attributes: 'echo "* filter=x" > .git/info/attributes; mkdir -p .git/info; echo "* filter=x" >> .git/info/attributes',
  'the git directory moved away': 'mv .git .g && mkdir -p .git/hooks && echo evil > .git/hooks/pre-commit',
  'its part moved away': 'mv .git/hooks .git/h; mkdir .git/hooks; echo evil > .git/hooks/pre-commit; mv .git/info .git/i; mkdir -p .git/info; echo x > .git/info/attributes',
  'renamed into place': 'mkdir -p made/hooks; echo evil > made/hooks/pre-commit; mv made/hooks/pre-commit .git/hooks/pre-commit; mv -T made/hooks .git/hooks',
  'exchanged': 'mkdir made; python3 -c "import ctypes; ctypes.CDLL(None).renameat2(-100, b\'made\', -100, b\'.git/hooks\', 2)"',
  'a link in its place': 'rm -rf .vscode .git/hooks; mkdir evil; echo x > evil/tasks.json; ln -s evil .vscode; ln -s ../evil .git/hooks',
  'a hard link': 'ln .git/config c && echo evil >> c; ln .envrc e && echo evil >> e',
  'mode and times': 'chmod 777 .git/config .envrc; touch -d @1 .git/config; truncate -s 0 .git/config .mcp.json',
  'editors and agents': 'echo evil > .vscode/tasks.json; echo evil > .vscode/new; echo evil > .envrc; echo evil > .claude/settings.json; rm -f .mcp.json',
  'a parent moved away': 'mv deep/er d; mkdir -p deep/er/nested/.git/hooks; echo evil > deep/er/nested/.git/hooks/pre-commit',
  'a nested repository': 'echo evil > deep/er/nested/.git/hooks/pre-commit; echo evil >> deep/er/nested/.git/config; cd deep/er; mv nested n; mkdir nested',
  'a submodule': 'echo evil > .git/modules/sub/hooks/pre-commit; echo evil >> .git/modules/sub/config; mv .git/modules .git/m; mv .git/modules/sub .git/modules/s',
  'its pointer': 'mkdir fake; echo "gitdir: ../fake" > sub/.git; mv sub/.git s; rm -f sub/.git',
  'a worktree': 'echo evil > .git/worktrees/tree/commondir; echo evil > .git/worktrees/tree/gitdir; echo evil > .git/worktrees/tree/config.worktree; echo "gitdir: evil" > tree/.git',
  'absent names': 'mkdir .idea .cursor; echo evil > .idea/workspace.xml; echo evil > .bashrc; ln -s evil .zshrc; mkfifo .profile',
  'a link to what is absent': 'ln -s made .idea; mkdir made; echo evil > made/x',
  // The settings of a submodule are looked at afterwards, since git writes them anew: they can be removed, as any data can.
  'removing all': 'cp .git/modules/sub/config /tmp/c; rm -rf .git .vscode .envrc deep sub/.git tree/.git; cp /tmp/c .git/modules/sub/config',
  'an unmount': 'umount .git/hooks; umount -l .git; echo evil > .git/hooks/pre-commit',
};

for (const [where, parent] of Object.entries(PARENTS)) {
  test(`every attack leaves it as it is, ${where}`, async (t) => {
    for (const [name, attack] of Object.entries(ATTACKS)) {
      const folder = project(parent);
      const before = protectedState(folder);
      const box = sandbox(t, { ...WRITE, workspace: folder });
      await sh(box, `${attack}; true`);
      assert.deepEqual(protectedState(folder), before, name);
      // The second run may do nothing more with it.
      await sh(box, 'true');
      assert.deepEqual(protectedState(folder), before, name);
      if (name !== 'removing all') assert.equal(git(folder, 'status', '--porcelain', 'file'), '', name);
      await box.close();
    }
  });
}

test('what appeared is taken away, reported, kept, and can be granted', async (t) => {
  const folder = repository(workspace());
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const { denials, exitCode } = await sh(box, 'mkdir .idea && echo evil > .idea/x && echo evil > .git/config.worktree && echo ok > fine');
  assert.equal(exitCode, 0);
  assert.deepEqual(denials.map(({ path: file }) => path.relative(folder, file)).sort(), ['.git/config.worktree', '.idea']);
  for (const denial of denials) {
    assert.deepEqual([denial.kind, denial.rule], ['write', 'carve-out']);
    assert.equal(existsSync(denial.path), false);
    assert.equal(existsSync(denial.quarantine), true);
    assert.equal(lstatSync(path.dirname(denial.quarantine)).mode & 0o777, 0o700);
    assert.ok(denial.grant.includes(denial.path));
  }
  assert.equal(readFileSync(path.join(denials.find((denial) => denial.path.endsWith('.idea')).quarantine, 'x'), 'utf8'), 'evil\n');
  assert.ok(existsSync(path.join(folder, 'fine')));
  assert.deepEqual((await sh(box, 'true')).denials, []);
  const granted = sandbox(t, { profile: SecurityProfile.named('workspace-write', { writable: ['.idea', '.git/hooks'] }), workspace: folder });
  const result = await sh(granted, 'mkdir .idea && echo x > .idea/x && echo x > .git/hooks/pre-commit && ! echo x > .git/config');
  assert.equal(result.exitCode, 0, result.stderr);
  assert.deepEqual(result.denials.map(({ path: file, quarantine }) => [path.relative(folder, file), quarantine]), [['.git/config', undefined]]);
  assert.ok(existsSync(path.join(folder, '.idea/x')));
  assert.deepEqual(activeHooks(path.join(folder, '.git')), ['pre-commit']);
});

test('a new repository may be set up, without what runs programs', async (t) => {
  const source = repository(path.join(outside(), 'source'));
  for (const [name, make] of Object.entries({ init: `${GIT} init -q new/deep/repo`, clone: `mkdir -p new/deep && ${GIT} clone -q ${source} new/deep/repo`, root: `${GIT} init -q .` })) {
    const folder = workspace();
    const made = path.join(folder, name === 'root' ? '.' : 'new/deep/repo');
    const box = sandbox(t, { ...WRITE, workspace: folder });
    const first = await sh(box, `${make} && cd ${made} && echo x > x && ${GIT} add x && ${GIT} commit -qm x && git config user.name somebody`);
    assert.equal(first.exitCode, 0, first.stderr);
    assert.deepEqual(first.denials, [], name);
    const again = await sh(box, `cd ${made} && git config core.fsmonitor evil && echo evil > .git/hooks/pre-commit && mv .git/hooks/commit-msg.sample .git/hooks/commit-msg`);
    assert.equal(again.exitCode, 0, again.stderr);
    assert.equal(again.denials.length, 3, name);
    assert.deepEqual(activeHooks(path.join(made, '.git')), []);
    assert.doesNotMatch(readFileSync(path.join(made, '.git/config'), 'utf8'), /fsmonitor/);
    assert.equal(git(made, 'config', '--local', 'user.name'), 'somebody\n', 'the harmless part stays');
    if (name === 'clone') assert.equal(git(made, 'remote', 'get-url', 'origin'), `${source}\n`);
    assert.match(git(made, 'log', '--oneline'), / x\n/);
    await box.close();
  }
});

test('every way to a new repository that is ready to run something', async (t) => {
  for (const [name, script] of Object.entries({
    'made elsewhere and moved in': 'mkdir -p /tmp/x/.git/hooks && echo evil > /tmp/x/.git/hooks/pre-commit && cp -r /tmp/x made/',
    'in a folder that was there': 'mkdir -p old/folder/.git/hooks && echo evil > old/folder/.git/hooks/pre-commit',
    'moved with its parent': 'mkdir -p a/b/.git/hooks && echo evil > a/b/.git/hooks/pre-commit && mv a old/c',
    'by a pointer': 'mkdir -p fake/hooks fake/objects fake/refs && echo evil > fake/hooks/pre-commit && echo "gitdir: fake" > .git',
    'by a link': 'mkdir -p fake/hooks fake/objects fake/refs && : > fake/HEAD && echo evil > fake/hooks/pre-commit && ln -s fake .git',
    'a bare one at the top': 'mkdir -p objects refs hooks && echo "ref: refs/heads/main" > HEAD && echo evil > hooks/pre-commit && printf "[core]\\n\\tfsmonitor = evil\\n" > config',
    'many names first': 'mkdir -p many && cd many && for i in $(seq 20000); do : > $i; done; mkdir -p x/.git/hooks && echo evil > x/.git/hooks/pre-commit',
  })) {
    const folder = workspace();
    mkdirSync(path.join(folder, 'old/folder'), { recursive: true });
    mkdirSync(path.join(folder, 'made'));
    const box = sandbox(t, { ...WRITE, workspace: folder });
    const { denials, exitCode, stderr } = await sh(box, script);
    assert.equal(exitCode, 0, stderr);
    assert.ok(denials.length > 0, name);
    const found = await run(['find', folder, '(', '-name', 'pre-commit', '-o', '-name', '.git', '-type', 'l', ')']);
    assert.equal(found.stdout, '', name);
    assert.doesNotMatch((await run(['grep', '-r', 'fsmonitor', folder])).stdout, /./, name);
    await box.close();
  }
});

test('links at protected names are no obstacle, and lead nowhere else afterwards', async (t) => {
  const folder = repository(workspace());
  mkdirSync(path.join(folder, 'common/hooks'), { recursive: true });
  writeFileSync(path.join(folder, 'common/hooks/pre-push'), 'before');
  symlinkSync('common', path.join(folder, '.agents'));
  symlinkSync('nowhere', path.join(folder, '.vscode'));
  await run(['rm', '-r', path.join(folder, '.git/hooks')]);
  symlinkSync('../common/hooks', path.join(folder, '.git/hooks'));
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const { exitCode, denials } = await sh(box, 'true');
  assert.deepEqual([exitCode, denials], [0, []]);
  await sh(box, 'echo evil > common/hooks/pre-push; echo evil > common/hooks/pre-commit');
  assert.deepEqual(readdirSync(path.join(folder, 'common/hooks')), ['pre-push']);
  assert.equal(readFileSync(path.join(folder, 'common/hooks/pre-push'), 'utf8'), 'before');
  const swapped = await sh(box, 'rm .git/hooks && mkdir .git/hooks && echo evil > .git/hooks/pre-commit');
  assert.equal(swapped.denials.length, 1);
  assert.deepEqual(activeHooks(path.join(folder, '.git')), []);
});

test('what a link at a protected name led to only after the run is taken away', async (t) => {
  const folder = repository(workspace());
  await run(['rm', '-r', path.join(folder, '.git/hooks')]);
  for (const [name, target] of Object.entries({ '.vscode': 'made', '.mcp.json': 'deep/er/file', '.git/hooks': '../hooks', '.idea': 'byhost' })) symlinkSync(target, path.join(folder, name));
  const box = sandbox(t, { ...WRITE, workspace: folder });
  const make = 'mkdir -p made hooks deep/er; echo evil > made/tasks.json; echo evil > hooks/pre-commit; echo evil > deep/er/file; echo fine > deep/er/other';
  const { denials } = await sh(box, make);
  assert.deepEqual(denials.map(({ path: denied }) => path.relative(folder, denied)).sort(), ['deep/er/file', 'hooks', 'made']);
  for (const { rule, grant, quarantine } of denials) assert.deepEqual([rule, grant, existsSync(quarantine)], ['carve-out', undefined, true]);
  assert.deepEqual(readdirSync(path.join(folder, 'deep/er')), ['other']);
  // It is so after each run, and what the host makes between them is its own.
  mkdirSync(path.join(folder, 'byhost'));
  assert.equal((await sh(box, make)).denials.length, 3);
  assert.deepEqual(readdirSync(folder).filter((name) => !name.startsWith('.')), ['byhost', 'deep', 'file']);
});

test('a repository whose git directory is a link into the workspace, or out of it', async (t) => {
  for (const target of ['inside', 'outside']) {
    const folder = repository(workspace());
    const store = path.join(target === 'inside' ? folder : outside(), 'store.git');
    await run(['mv', path.join(folder, '.git'), store]);
    symlinkSync(store, path.join(folder, '.git'));
    const box = sandbox(t, { ...WRITE, workspace: folder });
    assert.equal((await sh(box, 'git status --short')).exitCode, 0);
    await sh(box, `echo evil > ${store}/hooks/pre-commit; echo evil > .git/hooks/pre-commit`);
    assert.deepEqual(activeHooks(store), []);
    const commit = await sh(box, `echo x >> file && ${GIT} commit -qam x`);
    assert.equal(commit.exitCode === 0, target === 'inside', commit.stderr);
  }
});

test('nothing is left on the host, nor there meanwhile, also after SIGKILL', async () => {
  const folder = project();
  const list = async () => (await run(['find', folder, '-not', '-path', '*/.git/*'])).stdout;
  const before = await list();
  const script = `const codex = require(${JSON.stringify(path.dirname(path.dirname(CLI)))}); const box = new codex.Sandbox({ profile: 'workspace-write', workspace: process.argv[1] });
    box.exec('sh', ['-c', 'echo started; sleep 30'], {}); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500);`;
  const killed = run([process.execPath, '-e', script, folder]);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(await list(), before);
  await killed;
  assert.equal(await list(), before);
  assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(folder));
});

test('the host may change what is held, between runs and during one', async (t) => {
  const folder = repository(workspace());
  const box = sandbox(t, { ...WRITE, workspace: folder });
  await sh(box, 'true');
  mkdirSync(path.join(folder, '.vscode'));
  writeFileSync(path.join(folder, '.vscode/settings.json'), '{}');
  repository(path.join(folder, 'cloned'));
  writeFileSync(path.join(folder, 'cloned/.git/hooks/pre-commit'), 'mine');
  const { denials } = await sh(box, 'true');
  assert.deepEqual(denials, []);
  assert.equal(readFileSync(path.join(folder, '.vscode/settings.json'), 'utf8'), '{}');
  assert.deepEqual(activeHooks(path.join(folder, 'cloned/.git')), ['pre-commit']);
});

test('what the host replaced while the sandbox lived is compared instead', async (t) => {
  const folder = repository(workspace());
  writeFileSync(path.join(folder, '.envrc'), 'before');
  const box = sandbox(t, { ...WRITE, workspace: folder });
  await sh(box, 'true');
  git(folder, 'config', 'core.abbrev', '12');
  await run(['sh', '-c', 'echo mine > new && mv new .envrc && echo made > .mcp.json'], { cwd: folder });
  const config = readFileSync(path.join(folder, '.git/config'), 'utf8');
  assert.deepEqual((await sh(box, 'true')).denials, []);
  await sh(box, 'git config core.fsmonitor evil; echo evil >> .envrc; echo evil > new && mv new .mcp.json; true');
  assert.equal(readFileSync(path.join(folder, '.git/config'), 'utf8'), config);
  assert.equal(readFileSync(path.join(folder, '.envrc'), 'utf8'), 'mine\n');
  assert.equal(readFileSync(path.join(folder, '.mcp.json'), 'utf8'), 'made\n');
});

test('explained, and reported by the command line', async () => {
  const folder = repository(workspace());
  const profile = SecurityProfile.named('workspace-write');
  for (const write of ['.git/hooks/pre-commit', '.git/config', '.vscode/tasks.json', '.envrc', 'a/b/.git/hooks/x', '.git/modules/x/config']) {
    const decision = profile.explain({ write }, folder);
    assert.deepEqual([decision.allowed, decision.rule], [false, 'carve-out'], write);
    assert.match(decision.grant, /writable/);
    assert.equal(profile.explain({ read: write }, folder).allowed, true);
  }
  for (const write of ['.git/index', '.git/refs/heads/x', 'src/.envrc', '.gitignore']) assert.equal(profile.explain({ write }, folder).allowed, true, write);
  const command = (...options) => run([process.execPath, CLI, 'exec', '--profile', 'workspace-write', '--workspace', folder, ...options, '--', 'mkdir', '.idea']);
  const plain = await command();
  assert.equal(plain.exitCode, 0);
  assert.match(plain.stderr, /".*\/\.idea" was taken away .*to allow it, add writable/);
  assert.match((await command('-v')).stderr, /denied: write ".*\/\.idea" \(carve-out\).*to allow it: add writable/);
  assert.equal(JSON.parse((await command('--json')).stdout).denials.length, 1);
  assert.equal((await command('--writable', '.idea')).stderr, '');
  assert.ok(existsSync(path.join(folder, '.idea')));
});

test('it is enforced in every workspace profile, and no unenforced promise', async () => {
  for (const profile of ['workspace-write', 'workspace-net']) {
    const folder = repository(workspace());
    const { enforcement } = await exec('sh', ['-c', 'echo evil > .git/hooks/pre-commit'], { profile, workspace: folder });
    assert.deepEqual(activeHooks(path.join(folder, '.git')), []);
    assert.ok(!enforcement.unenforced.some(({ promise }) => promise === 'carve-outs'));
  }
});

test('what a repository without a working tree keeps from the run is told, and can be granted', async (t) => {
  const folder = workspace();
  const bare = path.join(folder, 'in', 'bare');
  git(folder, 'init', '-q', '--bare', bare);
  const write = 'cd in/bare && echo x > hooks/post-receive; git config a.b c';
  const refused = await sandbox(t, { ...WRITE, workspace: folder }).exec('sh', ['-c', write]);
  const told = refused.denials.map(({ rule, grant }) => ({ rule, grant }));
  const expected = ['hooks', 'config'].map((name) => ({ rule: 'carve-out', grant: `add writable: ["${bare}/${name}"]` }));
  assert.deepEqual(told.slice(0, 1), expected.slice(0, 1));
  assert.deepEqual(told.at(-1), expected.at(-1));
  const profile = SecurityProfile.named('workspace-write', { writable: [`${bare}/hooks`, 'in/bare/config'] });
  const granted = await sandbox(t, { profile, workspace: folder }).exec('sh', ['-c', write]);
  assert.deepEqual([granted.exitCode, granted.denials], [0, []], granted.stderr);
});
