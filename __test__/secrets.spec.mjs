// What the table of secrets names can't be read under any profile but trusted, wherever a link puts it, unless it is granted; and
// a grant opens just what it names.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Sandbox, SecurityProfile, exec } from '../index.js';
import { CLI } from './support/cli.mjs';
import { answer, run, script } from './support/node.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { RESTRICTED } from './support/sandbox.mjs';

const CONTENT = 'the secret content';

/** Files in a home, one of each kind. */
const FILES = [
  '.ssh/id_ed25519', '.ssh/config', '.gnupg/private-keys-v1.d/key', '.aws/credentials', '.config/gcloud/credentials.db', '.azure/token',
  '.docker/config.json', '.kube/config', '.npmrc', '.pypirc', '.git-credentials', '.netrc', '.local/share/keyrings/login.keyring',
  '.mozilla/firefox/x/cookies.sqlite', '.config/google-chrome/Default/Cookies', '.password-store/x.gpg', '.bash_history', '.zsh_history',
  '.pgpass', '.config/gh/hosts.yml', '.cargo/credentials.toml',
];

function home(files = FILES) {
  const folder = outside();
  for (const file of files) put(path.join(folder, file));
  for (const file of ['.gitconfig', '.config/other/file', '.cargo/config.toml']) put(path.join(folder, file), 'no secret');
  return folder;
}

function put(file, content = CONTENT) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** Runs a body with `codex` and `facts`, as a user whose home is elsewhere. */
const at = (folder, body, facts) => answer([...script(`(async () => { ${body} })().then((result) => process.stdout.write(JSON.stringify(result)));`, facts)],
  { env: { ...process.env, HOME: folder } });

const readAll = `
  const box = new codex.Sandbox({ profile: codex.SecurityProfile.named(facts.profile, facts.overrides), workspace: facts.workspace });
  const results = {};
  for (const file of facts.files) {
    const { exitCode, stdout, stderr, enforcement } = await box.exec('cat', [file]);
    results[file] = { exitCode, text: stdout + stderr, enforcement };
  }
  await box.close();
  return results;`;

for (const profile of RESTRICTED) {
  test(`every kind of secret, under ${profile}`, async () => {
    const folder = home();
    const before = snapshot(folder);
    const files = FILES.map((file) => path.join(folder, file));
    const open = ['.gitconfig', '.config/other/file', '.cargo/config.toml'].map((file) => path.join(folder, file));
    const results = await at(folder, readAll, { profile, workspace: workspace(), files: [...files, ...open] });
    for (const file of files) {
      assert.notEqual(results[file].exitCode, 0, file);
      assert.doesNotMatch(results[file].text, new RegExp(CONTENT), file);
      assert.ok(!results[file].enforcement.unenforced.some(({ promise }) => promise === 'secrets'));
    }
    for (const file of open) assert.equal(results[file].text, 'no secret', file);
    assert.equal(snapshot(folder), before);
  });
}

test('by another way, and by writing', async () => {
  const folder = home(['.ssh/id_rsa', '.netrc']);
  const before = snapshot(folder);
  const result = await at(folder, `
    const box = new codex.Sandbox({ profile: 'workspace-write', workspace: facts.workspace });
    const results = [];
    for (const script of facts.scripts) results.push(await box.exec('sh', ['-c', script]));
    await box.close();
    return results;`, {
    workspace: workspace(),
    scripts: [
      `cat /proc/self/root${folder}/.ssh/id_rsa`, `cd ${folder} && cat .ssh/../.ssh/id_rsa`, `ln -s ${folder}/.ssh/id_rsa link; cat link`,
      `ln ${folder}/.netrc hard && cat hard`, `ls ${folder}/.ssh | grep .`, `stat ${folder}/.ssh/id_rsa`, `echo x >> ${folder}/.ssh/id_rsa`, `rm -rf ${folder}/.ssh`,
      `umount ${folder}/.ssh; cat ${folder}/.ssh/id_rsa`, `cp -r ${folder} copy; cat copy/.netrc copy/.ssh/id_rsa`,
    ],
  });
  for (const { exitCode, stdout, stderr } of result) {
    assert.notEqual(exitCode, 0);
    assert.doesNotMatch(stdout + stderr, new RegExp(CONTENT));
  }
  assert.equal(snapshot(folder), before);
});

test('trusted reads them', async () => {
  const folder = home(['.netrc']);
  const file = path.join(folder, '.netrc');
  const results = await at(folder, readAll, { profile: 'trusted', workspace: workspace(), files: [file] });
  assert.equal(results[file].text, CONTENT);
});

test('a link to elsewhere hides what it leads to', async () => {
  const [folder, dotfiles] = [home([]), outside()];
  put(path.join(dotfiles, 'aws', 'credentials'));
  put(path.join(dotfiles, 'netrc'));
  put(path.join(dotfiles, 'config', 'gh', 'hosts.yml'));
  symlinkSync(path.join(dotfiles, 'aws'), path.join(folder, '.aws'));
  symlinkSync(path.join(dotfiles, 'netrc'), path.join(folder, '.netrc'));
  symlinkSync(path.join(dotfiles, 'nowhere'), path.join(folder, '.kube'));
  const files = [path.join(folder, '.aws/credentials'), path.join(dotfiles, 'aws/credentials'), path.join(folder, '.netrc'), path.join(dotfiles, 'netrc')];
  const results = await at(folder, readAll, { profile: 'offline', workspace: workspace(), files });
  for (const file of files) {
    assert.notEqual(results[file].exitCode, 0, file);
    assert.doesNotMatch(results[file].text, new RegExp(CONTENT), file);
  }
});

const grants = {
  'an entry': { readable: ['~/.aws'], opens: ['.aws/credentials', '.aws/cli/cache/x'] },
  'a file in an entry': { readable: ['~/.ssh/known_hosts'], opens: ['.ssh/known_hosts'] },
  'a folder deep in an entry': { readable: ['~/.aws/cli/cache'], opens: ['.aws/cli/cache/x'] },
  'two below one entry': { readable: ['~/.ssh/known_hosts', '~/.ssh/keys'], opens: ['.ssh/known_hosts', '.ssh/keys/one'] },
  'a file that is an entry': { readable: ['~/.netrc'], opens: ['.netrc'] },
  'what lies above entries opens none': { readable: ['~'], opens: [] },
  'an entry that is denied as well': { readable: ['~/.aws'], denyRead: ['~/.aws'], opens: [] },
};

for (const [name, { opens, ...overrides }] of Object.entries(grants)) {
  test(`a grant: ${name}`, async () => {
    const all = ['.ssh/id_rsa', '.ssh/known_hosts', '.ssh/keys/one', '.aws/credentials', '.aws/cli/cache/x', '.netrc'];
    const folder = home(all);
    const before = snapshot(folder);
    const files = all.map((file) => path.join(folder, file));
    for (const profile of ['offline', 'workspace-write']) {
      const results = await at(folder, readAll, { profile, overrides, workspace: workspace(), files });
      for (const [index, file] of files.entries()) {
        assert.equal(results[file].exitCode === 0, opens.includes(all[index]), `${file}: ${results[file].text}`);
        if (opens.includes(all[index])) assert.equal(results[file].text, CONTENT);
      }
    }
    assert.equal(snapshot(folder), before);
  });
}

test('a granted secret stays read-only, and a writable one is written', async () => {
  const folder = home(['.aws/credentials']);
  const result = await at(folder, `
    const write = async (overrides) => {
      const box = new codex.Sandbox({ profile: codex.SecurityProfile.named('workspace-write', overrides), workspace: facts.workspace });
      const { exitCode } = await box.exec('sh', ['-c', 'echo x > ~/.aws/new']);
      await box.close();
      return exitCode;
    };
    return [await write({ readable: ['~/.aws'] }), await write({ writable: ['~/.aws'] })];`, { workspace: workspace() });
  assert.notEqual(result[0], 0);
  assert.equal(result[1], 0);
  assert.deepEqual(readdirSync(path.join(folder, '.aws')).sort(), ['credentials', 'new']);
});

test('a workspace that is the home still hides them', async () => {
  const folder = home(['.ssh/id_rsa', '.netrc', '.config/gh/hosts.yml']);
  const results = await at(folder, readAll, {
    profile: 'workspace-write', overrides: { writable: ['~'] }, workspace: folder,
    files: ['.ssh/id_rsa', '.netrc', '.config/gh/hosts.yml', '.gitconfig'],
  });
  assert.deepEqual(Object.values(results).map(({ exitCode }) => exitCode === 0), [false, false, false, true]);
});

test('a workspace in a secret place has to be meant', async () => {
  const folder = home(['.docker/project/file']);
  const project = path.join(folder, '.docker', 'project');
  const result = await at(folder, `
    const options = (overrides) => ({ profile: codex.SecurityProfile.named('offline', overrides), workspace: facts.project });
    const refused = await codex.exec('cat', ['file'], options({})).catch(({ code, message }) => ({ code, message }));
    const meant = await codex.exec('cat', ['file'], options({ readable: [facts.project] }));
    return { refused, meant: meant.stdout };`, { project });
  assert.equal(result.refused.code, 'ProfileError');
  assert.match(result.refused.message, /\.docker/);
  assert.match(result.refused.message, /readable/);
  assert.equal(result.meant, CONTENT);
});

test('a grant below the tmp of the host shows it', async () => {
  const folder = workspace('/tmp');
  writeFileSync(path.join(folder, 'data'), 'shown');
  const hidden = await exec('cat', [path.join(folder, 'data')], { workspace: workspace() });
  assert.notEqual(hidden.exitCode, 0);
  const shown = await exec('sh', ['-c', `cat ${folder}/data; echo x > ${folder}/new`], {
    workspace: workspace(), profile: SecurityProfile.named('workspace-write', { readable: [folder] }),
  });
  assert.equal(shown.stdout, 'shown');
  assert.notEqual(shown.exitCode, 0);
});

test('a grant must exist, and trusted holds none', () => {
  const profile = SecurityProfile.named('offline', { readable: ['missing'] });
  assert.throws(() => new Sandbox({ profile, workspace: workspace() }), { code: 'ProfileError', message: /readable\[0\]/ });
  assert.throws(() => SecurityProfile.named('trusted', { readable: ['/etc'] }), { code: 'ProfileError', message: /readable/ });
});

test('one that denyRead names as well, by its path, another or a pattern, is hidden', async () => {
  const files = ['.ssh/id_rsa', '.aws/credentials', 'private/key', '.netrc'];
  const folder = home(files);
  symlinkSync('private', path.join(folder, '.gnupg'));
  const denyRead = ['.ssh', 'private', '.gnupg', '.netrc', '.[as]*', '.netr?'].map((name) => path.join(folder, name));
  const results = await at(folder, readAll, {
    profile: 'workspace-write', overrides: { denyRead }, workspace: workspace(), files: files.map((file) => path.join(folder, file)),
  });
  for (const [file, { exitCode, text }] of Object.entries(results)) {
    assert.notEqual(exitCode, 0, file);
    assert.ok(!text.includes(CONTENT), file);
  }
});

test('the home of the user database counts as well as HOME', async () => {
  const { stdout } = await run(['getent', 'passwd', String(process.getuid())]);
  // A user that the database doesn't know has the home of HOME alone.
  const account = stdout.split(':')[5] ?? process.env.HOME;
  const expected = stdout === '' ? [true, 'readable'] : [false, 'secret'];
  const decision = await at(home([]), 'return new codex.SecurityProfile().explain({ read: facts.file }, facts.workspace)', {
    file: path.join(account, '.ssh', 'id_rsa'), workspace: workspace(),
  });
  assert.deepEqual([decision.allowed, decision.rule], expected);
});

test('explained and shown, here and on the command line', async () => {
  const folder = home(['.ssh/id_rsa']);
  const environment = { env: { ...process.env, HOME: folder } };
  const decisions = await at(folder, `
    const profile = new codex.SecurityProfile('workspace-write');
    return ['~/.ssh/id_rsa', '~/.ssh', '~/.aws/absent', '~/.gitconfig'].map((read) => profile.explain({ read }, facts.workspace));`, { workspace: workspace() });
  assert.deepEqual(decisions.map(({ rule }) => rule), ['secret', 'secret', 'secret', 'readable']);
  assert.match(decisions[0].reason, /\.ssh is hidden: keys/);
  assert.ok(decisions[0].grant.includes(`readable: ["${path.join(folder, '.ssh/id_rsa')}"]`));
  const shown = await run([process.execPath, CLI, 'profile', 'show', 'offline'], environment);
  for (const name of ['~/.ssh', '~/.aws', '~/.npmrc', '~/.bash_history']) assert.ok(shown.stdout.includes(name), name);
  assert.ok(!(await run([process.execPath, CLI, 'profile', 'show', 'trusted'], environment)).stdout.includes('~/.ssh'));
  const explained = await run([process.execPath, CLI, 'profile', 'explain', 'offline', '--read', '~/.ssh/id_rsa', '--workspace', workspace()], environment);
  assert.equal(explained.exitCode, 1);
  assert.match(explained.stdout, /denied \(secret\)/);
  const read = (...options) => run([process.execPath, CLI, 'exec', '--workspace', workspace(), ...options, '--', 'cat', path.join(folder, '.ssh/id_rsa')], environment);
  assert.notEqual((await read()).exitCode, 0);
  assert.equal((await read('--readable', path.join(folder, '.ssh/id_rsa'))).stdout, CONTENT);
});

test('links that lead to nothing, or in a circle, keep nobody from anything', async () => {
  const folder = outside();
  mkdirSync(path.join(folder, 'dotfiles'));
  put(path.join(folder, 'dotfiles', 'netrc'));
  const links = { '.bash_history': '/dev/null', '.docker': 'loop', loop: 'loop', '.ssh': '.ssh', '.aws': 'missing', '.npmrc': '/dev/null', '.cargo': 'loop', '.cache': '.cache', '.npm': 'loop', '.netrc': 'dotfiles/netrc', '.config': 'loop' };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(folder, name));
  const place = workspace();
  for (const name of ['.env', '.vscode', '.git', '.envrc']) symlinkSync(name, path.join(place, name));
  const files = [path.join(folder, '.netrc'), path.join(folder, 'dotfiles', 'netrc')];
  for (const profile of RESTRICTED) {
    const results = await at(folder, readAll, { profile, overrides: { denyRead: ['**/.env'] }, workspace: place, files: [...files, '/etc/hosts', '/dev/null'] });
    for (const file of files) assert.match(results[file].text, /Permission denied/, file);
    assert.equal(results['/etc/hosts'].exitCode, 0);
    // What people link their histories to is no secret.
    assert.equal(results['/dev/null'].exitCode, 0);
  }
});

test('a program of the host that saves a secret anew keeps no sandbox from being made', async () => {
  const folder = home(['.netrc']);
  const secret = path.join(folder, '.netrc');
  const saving = setInterval(() => {
    put(`${secret}.new`);
    renameSync(`${secret}.new`, secret);
  }, 20);
  try {
    const codes = await at(folder, `
      const codes = [];
      for (let made = 0; made < 60; made++) codes.push((await codex.exec('true', [], { workspace: facts.workspace })).exitCode);
      return codes;`, { workspace: workspace() });
    assert.deepEqual(codes, Array(60).fill(0));
  } finally {
    clearInterval(saving);
  }
});
