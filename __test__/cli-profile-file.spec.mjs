// `--profile` takes a file with a profile, of which the other options are extensions.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { codex } from './support/cli.mjs';
import { outside, workspace } from './support/places.mjs';

/** The path of a file with that text, where no command can write. */
function file(text, name = 'profile.toml', folder = outside()) {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
}

test('exec runs under it', async () => {
  const cwd = workspace();
  writeFileSync(path.join(cwd, 'hidden'), 'secret');
  const writes = file('profile = "workspace-write"\ndenyRead = ["hidden"]\n');
  const result = await codex(['exec', '--profile', writes, '--', 'sh', '-c', 'echo ok > made; cat hidden'], { cwd });
  assert.ok(existsSync(path.join(cwd, 'made')), result.stderr);
  assert.notEqual(result.exitCode, 0);
  assert.doesNotMatch(result.stdout, /secret/);
  const json = file('{ "profile": "offline" }', 'profile.JSON'.toLowerCase());
  assert.notEqual((await codex(['--profile', json, '--', 'sh', '-c', 'echo ok > other'], { cwd })).exitCode, 0);
  assert.ok(!existsSync(path.join(cwd, 'other')));
});

test('the other options extend it, and can only lower its limits', async () => {
  const cwd = workspace();
  const limited = file('profile = "workspace-write"\n[limits]\nopenFiles = 100\n');
  const exec = (...options) => codex(['exec', '--profile', limited, ...options, '--', 'sh', '-c', 'ulimit -n'], { cwd });
  assert.equal((await exec()).stdout, '100\n');
  assert.equal((await exec('--limit', 'open-files=50')).stdout, '50\n');
  const wider = await exec('--limit', 'open-files=200');
  assert.equal(wider.exitCode, 125);
  assert.match(wider.stderr, /openFiles/);
});

test('profile show, profile explain and policy check take it, too', async () => {
  const cwd = workspace();
  const hides = file('profile = "workspace-net"\ndenyRead = ["notes"]\n');
  assert.match((await codex(['profile', 'show', hides], { cwd })).stdout, /workspace-net/);
  assert.equal((await codex(['profile', 'explain', hides, '--read', 'notes'], { cwd })).exitCode, 1);
  assert.equal((await codex(['profile', 'explain', hides, '--read', 'other'], { cwd })).exitCode, 0);
  assert.equal((await codex(['policy', 'check', '--quiet', '--profile', hides, '--', 'ls'], { cwd })).stdout, 'allow\n');
});

test('a file that is broken, missing or of another kind is refused, with its place', async () => {
  const cwd = workspace();
  const broken = file('profile = "offline"\nreadble = []\n');
  for (const [named, words] of [[broken, /profile\.toml.*2.*readble/s], ['./missing.toml', /missing\.toml/], ['./profile', /\.toml/]]) {
    for (const args of [['exec', '--profile', named, '--', 'true'], ['profile', 'show', named], ['policy', 'check', '--profile', named, '--', 'ls']]) {
      const { exitCode, stdout, stderr } = await codex(args, { cwd });
      assert.deepEqual([exitCode, stdout], [125, ''], args.join(' '));
      assert.match(stderr, words);
    }
  }
});

test('one that its own commands could change is refused, also by another name', async () => {
  const cwd = workspace();
  const elsewhere = path.join(outside(), 'link.toml');
  symlinkSync(path.join(cwd, 'profile.toml'), elsewhere);
  mkdirSync(path.join(cwd, 'below'));
  for (const profile of ['workspace-write', 'trusted']) {
    const inside = file(`profile = "${profile}"\n`, 'profile.toml', cwd);
    for (const named of [inside, 'profile.toml', './below/../profile.toml', elsewhere]) {
      const { exitCode, stderr } = await codex(['exec', '--profile', named, '--', 'true'], { cwd });
      assert.equal(exitCode, 125, `${profile} ${named}`);
      assert.match(stderr, /could change the profile's file/);
    }
  }
  const trusted = file('profile = "trusted"\n');
  assert.equal((await codex(['exec', '--profile', trusted, '--', 'true'], { cwd })).exitCode, 0);
  const readOnly = file('profile = "offline"\n', 'offline.toml', cwd);
  assert.equal((await codex(['exec', '--profile', readOnly, '--', 'true'], { cwd })).exitCode, 0);
});
