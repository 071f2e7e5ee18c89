// A run inherits the environment, minus secrets and what injects code; what the caller names is passed as it is.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { workspace } from './support/places.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';

const SECRETS = {
  FOO_TOKEN: 'x', AWS_SECRET_ACCESS_KEY: 'x', GITHUB_TOKEN: 'x', NPM_TOKEN: 'x', OPENAI_API_KEY: 'x', DB_PASSWORD: 'x', CLIENT_SECRET: 'x', SSH_AUTH_SOCK: '/x',
  HARMLESS_BY_NAME: `ghp_${randomBytes(27).toString('base64').replace(/[^a-zA-Z0-9]/g, 'a').slice(0, 36)}`,
};
const INJECTION = {
  LD_PRELOAD: '', LD_LIBRARY_PATH: '/x', NODE_OPTIONS: '--no-warnings', BASH_ENV: '/x', ENV: '/x', PYTHONSTARTUP: '/x', PYTHONPATH: '/x', PERL5OPT: '-Mstrict',
  RUBYOPT: '-w', GIT_ASKPASS: 'x', GIT_CONFIG_COUNT: '0', PROMPT_COMMAND: 'x',
};
/** What leads to a server. */
const ROUTES = { GIT_SSH: 'x', GIT_SSH_COMMAND: 'ssh -o ProxyCommand="nc %h %p"', GIT_PROXY_COMMAND: 'x', HTTPS_PROXY: 'http://u:hunter2@127.0.0.1:9' };
const HARMLESS = { CODEX_SPEC: 'a b\nc=d', LANG: 'C.UTF-8', KEYBOARD_LAYOUT: 'de', CODEX_SPEC_EMPTY: '', EDITOR: 'vi', CODEX_SPEC_UNICODE: 'ü€😀' };
Object.assign(process.env, SECRETS, INJECTION, ROUTES, HARMLESS);

/** What a program sees. */
async function seen(box, options) {
  return parse((await box.exec('/usr/bin/env', ['-0'], options)).stdout);
}

function parse(output) {
  return Object.fromEntries(output.split('\0').slice(0, -1).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
}

for (const profile of RESTRICTED) {
  test(`secrets and code stay outside, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    // Passing the host's own on explicitly is inheriting them.
    for (const options of [undefined, { env: process.env }, { env: { ...process.env } }]) {
      const env = await seen(box, options);
      for (const name of Object.keys({ ...SECRETS, ...INJECTION })) assert.equal(env[name], undefined, name);
      for (const [name, value] of Object.entries(HARMLESS)) assert.equal(env[name], value, name);
      assert.equal(env.PATH, process.env.PATH);
      assert.equal(env.HOME, process.env.HOME);
      assert.ok(env.TMPDIR);
    }
    const sync = parse(box.execSync('/usr/bin/env', ['-0']).stdout);
    assert.equal(sync.FOO_TOKEN, undefined);
    assert.equal(sync.CODEX_SPEC, HARMLESS.CODEX_SPEC);
  });
}

test('what leads to a server is inherited where there is a network, and nowhere else', async (t) => {
  const narrowed = SecurityProfile.named('workspace-net', { network: 'none' });
  for (const [profile, kept] of [['net-read-only', true], ['workspace-net', true], ['offline', false], ['workspace-write', false], [narrowed, false]]) {
    const env = await seen(sandbox(t, { profile, workspace: workspace() }));
    for (const [name, value] of Object.entries(ROUTES)) assert.equal(env[name], kept ? value : undefined, name);
  }
});

test('trusted inherits everything', async (t) => {
  const env = await seen(sandbox(t, { profile: 'trusted' }));
  for (const [name, value] of Object.entries({ ...SECRETS, ...INJECTION, ...HARMLESS })) assert.equal(env[name], value, name);
});

test('`env` replaces the environment', async (t) => {
  const env = await seen(sandbox(t, { workspace: workspace() }), { env: { ONLY: 'this' } });
  delete env.TMPDIR;
  assert.deepEqual(env, { ONLY: 'this' });
});

test('what `env` adds or changes stays, whatever it is named', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const env = await seen(box, { env: { ...process.env, FOO_TOKEN: 'another', MY_API_KEY: 'added', LD_LIBRARY_PATH: '/other', CODEX_SPEC: undefined, NUMBER: 5 } });
  assert.equal(env.FOO_TOKEN, 'another');
  assert.equal(env.MY_API_KEY, 'added');
  assert.equal(env.LD_LIBRARY_PATH, '/other');
  assert.equal('CODEX_SPEC' in env, false);
  assert.equal(env.NUMBER, '5');
  assert.equal(env.AWS_SECRET_ACCESS_KEY, undefined);
});

test('a program is looked up in the PATH that it gets', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  await assert.rejects(box.exec('env', [], { env: { PATH: '/nonexistent' } }), { code: 'ENOENT' });
  assert.equal((await box.exec('env', [], { env: { PATH: '/nonexistent:/usr/bin:/bin' } })).exitCode, 0);
});

test('the profile can keep, drop and set variables', async (t) => {
  const profile = SecurityProfile.named('offline', { environment: { allow: ['FOO_TOKEN'], deny: ['CODEX_SPEC', 'EDITOR'], set: { SET: 'here', EDITOR: 'x' } } });
  const env = await seen(sandbox(t, { profile, workspace: workspace() }));
  assert.equal(env.FOO_TOKEN, 'x');
  assert.equal(env.SET, 'here');
  assert.equal(env.CODEX_SPEC, undefined);
  assert.equal(env.EDITOR, undefined, 'what is denied can not be set');
  assert.equal(env.AWS_SECRET_ACCESS_KEY, undefined);
});

test('a minimal environment', async (t) => {
  const profile = SecurityProfile.named('offline', { environment: { mode: 'minimal', allow: ['CODEX_SPEC'] } });
  const env = await seen(sandbox(t, { profile, workspace: workspace() }));
  assert.equal(env.PATH, process.env.PATH);
  assert.equal(env.LANG, 'C.UTF-8');
  assert.equal(env.CODEX_SPEC, HARMLESS.CODEX_SPEC);
  assert.equal(env.KEYBOARD_LAYOUT, undefined);
  assert.equal(env.EDITOR, undefined);
});
