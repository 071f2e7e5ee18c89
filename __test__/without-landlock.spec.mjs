// On a kernel without Landlock the mounts hold the file rules alone, and the result says so.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer, run, script } from './support/node.mjs';
import { CLI } from './support/cli.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';

const hidden = (commandLine) => [PROBE, 'hide-landlock', ...commandLine];

test('offline and workspace-write hold all that they promise', async () => {
  for (const profile of ['offline', 'workspace-write']) {
    const [folder, base] = [workspace(), outside()];
    const before = snapshot(base);
    const result = await answer(hidden(script(`
      codex.exec('sh', ['-c', 'echo x > ' + facts.base + '/new; echo y > mine; chmod 777 ' + facts.base + '; echo z > /tmp/z && cat /tmp/z'], { profile: facts.profile, workspace: facts.folder })
        .then((result) => console.log(JSON.stringify(result)));`, { folder, base, profile })));
    assert.equal(snapshot(base), before);
    assert.equal(result.stdout, 'z\n');
    assert.deepEqual(result.enforcement.filesystem, ['mounts']);
    assert.equal(result.enforcement.landlockAbi, 0);
    assert.equal(result.enforcement.processes, 'pid-namespace');
    assert.equal(result.enforcement.network, 'private-loopback');
    assert.deepEqual(result.enforcement.unenforced.filter(({ cause }) => cause === 'machine'), []);
    if (profile === 'workspace-write') assert.equal(readFileSync(path.join(folder, 'mine'), 'utf8'), 'y\n');
  }
});

test('with network, what only Landlock holds is refused, or said', async () => {
  const results = await answer(hidden(script(`
    const one = (enforcement) => codex.exec('true', [], { profile: 'workspace-net', workspace: facts.folder, enforcement }).catch(({ code, message }) => ({ code, message }));
    Promise.all([one('required'), one('best-effort')]).then((results) => console.log(JSON.stringify(results)));`, { folder: workspace() })));
  assert.equal(results[0].code, 'SandboxUnavailable');
  assert.match(results[0].message, /Landlock/);
  assert.equal(results[1].exitCode, 0);
  assert.ok(results[1].enforcement.unenforced.some(({ promise, cause }) => promise === 'abstract-unix-sockets' && cause === 'machine'));
});

test('the doctor says what is missing', async () => {
  const { stdout, exitCode } = await run(hidden([process.execPath, CLI, 'doctor', '--json']));
  assert.equal(exitCode, 0);
  const landlock = JSON.parse(stdout).features.find(({ name }) => name === 'landlock');
  assert.equal(landlock.present, false);
  assert.match(landlock.detail, /Landlock/);
  assert.match(landlock.remedy, /lsm=landlock/);
});
