// What stands in examples/ works, and shows what it says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { codex } from './support/cli.mjs';
import { answer, script, start } from './support/node.mjs';
import { PACKAGE, outside, workspace } from './support/places.mjs';

const EXAMPLES = path.join(PACKAGE, 'examples');

async function example(name, args = [], input = '') {
  const child = start([process.execPath, path.join(EXAMPLES, name), ...args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: { ...process.env, HOME: outside() } });
  child.stdin.end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

test('run-a-command', async () => {
  const said = await example('run-a-command.mjs');
  assert.match(said, /^exit code 2\noutput: done\nrefused: write .*outside\.txt \(outside-writable-roots\); to allow it: add writable/);
});

test('live-output', async () => {
  assert.equal(await example('live-output.mjs'), 'step 1\nstep 2\nstep 3\nended with 0\ntimed out: true, signal: SIGTERM\nlimit: fileSize, signal: SIGXFSZ\n');
});

test('agent: runs, refuses, records', async () => {
  const [folder, state] = [workspace(), path.join(outside(), 'state')];
  const said = await example('agent.mjs', [folder, state], 'echo hello > note.txt\ncat note.txt\nnpm publish\ngit push\ncat missing\n');
  // Nobody is there to be asked about a write or a push.
  assert.match(said, /^\$ echo hello > note\.txt\n\[not run\]/);
  assert.match(said, /\$ cat note\.txt\n.*\n\[1\]/);
  assert.match(said, /\$ npm publish\n\[not run\] .*releases are made by people/);
  assert.match(said, /\$ git push\n\[not run\]/);
  assert.ok(!existsSync(path.join(folder, 'note.txt')));
  const log = path.join(state, 'audit.jsonl');
  assert.match(readFileSync(log, 'utf8'), /npm publish/);
  assert.equal((await codex(['audit', 'verify', '--audit-log', log])).exitCode, 0);
});

test('profile.toml and policy.toml are valid, and hold', async () => {
  const folder = outside();
  cpSync(EXAMPLES, folder, { recursive: true });
  const [profile, policy] = ['profile.toml', 'policy.toml'].map((name) => path.join(folder, name));
  assert.equal((await codex(['policy', 'test', policy])).exitCode, 0);
  const exec = (...command) => codex(['exec', '--profile', profile, '--policy', policy, '--', ...command], { cwd: workspace() });
  assert.equal((await exec('ls')).exitCode, 0);
  assert.equal((await exec('npm', 'publish')).exitCode, 125);
  const { denied } = await answer(script(`
    codex.SecurityProfile.load(facts.profile).then((profile) => console.log(JSON.stringify({ denied: !profile.explain({ read: '.env' }, facts.folder).allowed })));
  `, { profile, folder }));
  assert.equal(denied, true);
});

test('each is named in the list', () => {
  const list = readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8');
  for (const name of readdirSync(EXAMPLES)) assert.ok(name === 'README.md' || list.includes(`](${name})`), name);
});
