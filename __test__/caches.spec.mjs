// A run writes to the caches of tools as if they were its own, and the host's stay as they are; secrets in them stay hidden.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { environmentOf } from './support/user.mjs';

const SECRET = 'the secret content';

function home(files) {
  const folder = outside();
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  }
  return folder;
}

/** Runs scripts, each in a run of its own, in one sandbox of a user whose home is elsewhere. */
function runs(folder, scripts, { profile = 'workspace-write', overrides = {}, env = {}, ...options } = {}) {
  const facts = { profile, overrides, scripts, options: { workspace: workspace(), ...options } };
  return answer(script(`(async () => {
    const box = new codex.Sandbox({ profile: codex.SecurityProfile.named(facts.profile, facts.overrides), ...facts.options });
    const results = [];
    for (const script of facts.scripts) results.push(await box.exec('sh', ['-c', script]));
    await box.close();
    process.stdout.write(JSON.stringify(results));
  })();`, facts), { env: { ...environmentOf(folder), ...env } });
}

test('a cache is read, written, changed and emptied, and nothing of it is on the host', async () => {
  const folder = home({ '.npm/old': 'old\n', '.npm/deep/er/file': 'deep\n', '.cache/pip/x': 'x\n' });
  const before = snapshot(folder);
  const results = await runs(folder, [
    'cat ~/.npm/old; echo more >> ~/.npm/old; mkdir ~/.npm/new; echo n > ~/.npm/new/file; chmod 700 ~/.npm/deep/er/file; mv ~/.npm/deep/er/file ~/.npm/moved',
    'cat ~/.npm/old ~/.npm/new/file ~/.npm/moved; rm -r ~/.npm/deep; mkdir ~/.npm/deep; ls -A ~/.npm/deep',
    'rm -rf ~/.npm/* && ls -A ~/.npm; echo y > ~/.cache/pip/x && cat ~/.cache/pip/x; flock ~/.npm/lock true && ln ~/.npm/lock ~/.npm/link && mkfifo ~/.npm/fifo',
  ]);
  assert.deepEqual(results.map(({ stdout }) => stdout), ['old\n', 'old\nmore\nn\ndeep\n', 'y\n'], results.map(({ stderr }) => stderr).join(''));
  assert.deepEqual(results.flatMap(({ denials }) => denials), []);
  assert.deepEqual(results[0].enforcement.caches, [path.join(folder, '.cache'), path.join(folder, '.npm')]);
  assert.equal(snapshot(folder), before);
  const [other] = await runs(folder, ['cat ~/.npm/old; ls -A ~/.npm']);
  assert.equal(other.stdout, 'old\ndeep\nold\n', 'another sandbox starts from the cache of the host');
});

test('only in the workspace profiles, and only the caches', async () => {
  const folder = home({ '.npm/old': 'old\n', '.other/file': 'x' });
  const before = snapshot(folder);
  for (const profile of ['offline', 'net-read-only']) {
    const [result] = await runs(folder, ['cat ~/.npm/old; echo x > ~/.npm/new'], { profile });
    assert.notEqual(result.exitCode, 0);
    assert.equal(result.stdout, 'old\n');
    assert.deepEqual(result.enforcement.caches, []);
  }
  const [result] = await runs(folder, ['echo x > ~/.npm/new && echo x > ~/.new; echo x > ~/.other/file; mv ~/.npm ~/.npm2; rm -rf ~/.npm; ln -s /etc ~/link; true']);
  assert.deepEqual(result.denials.map(({ path: denied }) => path.relative(folder, denied)).sort(), ['.new', '.npm', '.other/file', 'link']);
  assert.equal(snapshot(folder), before);
});

test('a secret in a cache stays hidden', async () => {
  const folder = home({ '.cargo/credentials.toml': SECRET, '.cargo/config.toml': 'open\n', '.gradle/gradle.properties': SECRET, '.cache/huggingface/token': SECRET });
  const before = snapshot(folder);
  const [result] = await runs(folder, [`cd ~; cat .cargo/config.toml
    for file in .cargo/credentials.toml .gradle/gradle.properties .cache/huggingface/token; do
      cat $file; cp $file $file.copy; cat $file.copy; ln $file $file.hard; cat $file.hard; mv $file $file.moved; cat $file.moved
      cat /proc/self/root$HOME/$file; rm -f $file; cat $file
    done
    mv .cache/huggingface .cache/renamed; cat .cache/renamed/token; mv .cache/huggingface/token .cache/token; cp -r .cargo "$TMPDIR/copy"; cat "$TMPDIR/copy/credentials.toml"`]);
  assert.match(result.stdout, /^open\n/);
  assert.doesNotMatch(result.stdout + result.stderr, new RegExp(SECRET));
  assert.equal(snapshot(folder), before);
});

test('where a variable moves a cache, with the secrets in it', async () => {
  const folder = home({ 'moved/registry/index': 'index\n', 'moved/credentials.toml': SECRET });
  const before = snapshot(folder);
  const [result] = await runs(folder, ['cat ~/moved/registry/index; echo x > ~/moved/registry/index && cat ~/moved/registry/index; cat ~/moved/credentials.toml'],
    { env: { CARGO_HOME: path.join(folder, 'moved') } });
  assert.equal(result.stdout, 'index\nx\n', result.stderr);
  assert.doesNotMatch(result.stdout, new RegExp(SECRET));
  assert.equal(snapshot(folder), before);
});

test('behind a link, and with a workspace in it', async () => {
  const folder = home({ 'store/file': 'old\n', '.cache/project/file': 'project\n', '.cache/other': 'other\n' });
  symlinkSync('store', path.join(folder, '.npm'));
  const [result] = await runs(folder, ['cat ~/.npm/file; echo x > ~/.npm/file && echo y > ~/.cache/other && echo z > file; cat ~/.npm/file ~/.cache/other ~/.cache/project/file'],
    { workspace: path.join(folder, '.cache/project') });
  assert.equal(result.stdout, 'old\nx\ny\nz\n', result.stderr);
  const read = (file) => readFileSync(path.join(folder, file), 'utf8');
  assert.deepEqual(['store/file', '.cache/other', '.cache/project/file'].map(read), ['old\n', 'other\n', 'z\n']);
});

test('what a profile grants or denies is stronger', async () => {
  const folder = home({ '.npm/file': 'old\n', '.cache/pip/secret': SECRET, '.cache/pip/open': 'open\n', '.cargo/file': SECRET });
  const before = snapshot(path.join(folder, '.cache')) + snapshot(path.join(folder, '.cargo'));
  const [result] = await runs(folder, ['echo new > ~/.npm/file; cat ~/.cache/pip/open ~/.cache/pip/secret; echo x > ~/.cache/pip/open; ls -A ~/.cargo; cat ~/.cargo/file; echo x > ~/.cargo/new'],
    { overrides: { writable: ['~/.npm'], denyRead: ['~/.cache/pip/secret', '~/.cargo'] } });
  assert.equal(result.stdout, 'open\n', result.stderr);
  assert.deepEqual(result.enforcement.caches, [path.join(folder, '.cache')]);
  assert.equal(readFileSync(path.join(folder, '.npm/file'), 'utf8'), 'new\n', 'what is granted is the host’s own');
  assert.equal(snapshot(path.join(folder, '.cache')) + snapshot(path.join(folder, '.cargo')), before);
});

test('caches that are not there are in the tmp instead', async () => {
  const [told, other] = [home({ file: 'x' }), home({ '.cache/x': 'x', '.npm/x': 'x' })];
  const shell = 'echo "$XDG_CACHE_HOME $npm_config_cache $CARGO_HOME $GOPATH $MPLCONFIGDIR $JUPYTER_CONFIG_DIR"; mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/go-build"';
  const results = [];
  for (const [folder, options] of [[told], [other], [told, { profile: 'offline' }]]) results.push(...await runs(folder, [shell], options));
  assert.deepEqual(results.map(({ exitCode, stdout }) => [exitCode, stdout]), [
    [0, '/tmp/.cache /tmp/.npm /tmp/.cargo /tmp/go /tmp/.config/matplotlib /tmp/.jupyter\n'],
    [0, '  /tmp/.cargo /tmp/go /tmp/.config/matplotlib /tmp/.jupyter\n'], [1, '     \n'],
  ]);
  const [mine] = await runs(told, ['echo $NPM_CONFIG_CACHE $npm_config_cache $CARGO_HOME'], { env: { NPM_CONFIG_CACHE: '/mine', CARGO_HOME: '/other' } });
  assert.equal(mine.stdout, '/mine /other\n', 'what the host has set stays');
});

test('tools that make files of their own before anything else have a place for them', async () => {
  const shell = 'echo "$ANSIBLE_HOME $LEIN_HOME $PERL_CPANM_HOME $PARALLEL_HOME $MAVEN_OPTS $UV_LINK_MODE"; touch ~/.lein/new ~/.m2/repository/new';
  const [absent, there] = [home({ file: 'x' }), home({ '.lein/x': 'x', '.m2/repository/x': 'x' })];
  const before = snapshot(there);
  assert.equal((await runs(absent, [shell]))[0].stdout, '/tmp/.ansible /tmp/.lein /tmp/.cpanm /tmp/.parallel -Dmaven.repo.local=/tmp/.m2/repository copy\n');
  const [result] = await runs(there, [shell], { env: { UV_LINK_MODE: 'symlink' } });
  assert.deepEqual([result.exitCode, result.stdout], [0, '/tmp/.ansible  /tmp/.cpanm /tmp/.parallel  symlink\n'], result.stderr);
  assert.equal(snapshot(there), before);
  const [mine] = await runs(absent, ['echo $MAVEN_OPTS'], { env: { MAVEN_OPTS: '-Xmx1g' }, overrides: { environment: { allow: ['MAVEN_OPTS'] } } });
  assert.equal(mine.stdout, '-Xmx1g\n', 'what is let through stays');
});

test('tools that would take another cache in a sandbox are told of theirs', async () => {
  const folder = home({ '.local/share/pnpm/store/v11/x': 'x', '.bun/install/cache/x': 'x' });
  const before = snapshot(folder);
  const shell = 'echo "$pnpm_config_store_dir $BUN_INSTALL_CACHE_DIR"; echo more >> "$pnpm_config_store_dir/v11/x" && echo more >> "$BUN_INSTALL_CACHE_DIR/x"';
  const [result] = await runs(folder, [shell]);
  assert.deepEqual([result.exitCode, result.stdout], [0, `${folder}/.local/share/pnpm/store ${folder}/.bun/install/cache\n`], result.stderr);
  assert.equal(snapshot(folder), before);
  const [mine] = await runs(folder, ['echo $pnpm_config_store_dir $BUN_INSTALL_CACHE_DIR'], { env: { pnpm_config_store_dir: '/mine', XDG_CACHE_HOME: '/other' } });
  assert.equal(mine.stdout, '/mine\n', 'what the host has set stays, and what it means');
});

test('npm packs for a user whom it knows nothing of', async () => {
  const folder = home({ file: 'x' });
  const before = snapshot(folder);
  const [result] = await runs(folder, ['echo \'{"name":"a","version":"1.0.0"}\' > package.json && npm pack --silent --offline && tar tf a-1.0.0.tgz']);
  assert.equal(result.stdout, 'a-1.0.0.tgz\npackage/package.json\n', result.stderr);
  assert.deepEqual(result.denials.filter(({ kind }) => kind === 'write'), []);
  assert.equal(snapshot(folder), before);
});

test('what is written counts as the private tmp', async () => {
  const folder = home({ '.npm/file': 'old\n' });
  const [result] = await runs(folder, ['head -c 3000000 /dev/zero > ~/.npm/big || echo full'], { overrides: { limits: { tmpSize: 1 << 20 } } });
  assert.equal(result.stdout, 'full\n');
  assert.equal(result.limit, 'tmpSize');
});

test('an explanation says so', async () => {
  const folder = home({ '.npm/file': 'old\n', '.cargo/credentials.toml': SECRET });
  const decisions = await answer(script(`
    const explain = (name, overrides, access) => codex.SecurityProfile.named(name, overrides).explain(access);
    process.stdout.write(JSON.stringify([
      explain('workspace-write', {}, { write: '~/.npm/x' }), explain('workspace-write', {}, { read: '~/.npm/x' }), explain('offline', {}, { write: '~/.npm/x' }),
      explain('workspace-write', {}, { write: '~/.cargo/credentials.toml' }), explain('workspace-write', { denyRead: ['~/.npm'] }, { write: '~/.npm/x' }),
      explain('workspace-write', { writable: ['~/.npm'] }, { write: '~/.npm/x' }),
    ].map(({ allowed, rule }) => [allowed, rule])));`), { cwd: workspace(), env: environmentOf(folder) });
  assert.deepEqual(decisions, [[true, 'cache'], [true, 'readable'], [false, 'read-only-profile'], [false, 'secret'], [false, 'deny-read'], [true, 'writable-root']]);
});
