// What an app container is granted is taken back, also after a crash; job objects hold limits.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folder, node, sandbox } from '../support/any-platform.mjs';
import { killedHost } from '../support/windows.mjs';

const JOURNALS = path.join(process.env.LOCALAPPDATA, 'codex', 'grants');

/** The access list of a folder, as the system shows it. */
function access(directory) {
  return spawnSync('icacls', [directory], { encoding: 'utf8' }).stdout;
}

function journals() {
  try {
    return readdirSync(JOURNALS);
  } catch {
    return [];
  }
}

test('an access list is as it was when the sandbox is closed', async (t) => {
  const workspace = folder();
  const before = access(workspace);
  const box = sandbox(t, { profile: 'workspace-write', workspace });
  assert.equal((await node(box, '0')).exitCode, 0);
  assert.notEqual(access(workspace), before);
  await box.close();
  assert.equal(access(workspace), before);
});

test('what a killed process granted is taken back by the next sandbox', async (t) => {
  const workspace = folder();
  const before = access(workspace);
  const pid = await killedHost(workspace);
  assert.notEqual(access(workspace), before);
  await node(sandbox(t, { profile: 'offline' }), '0');
  assert.equal(access(workspace), before);
  assert.equal(journals().filter((name) => name.includes(`.${pid}.`)).length, 0);
});

test('a carve-out that exists can be read and not changed', async (t) => {
  const workspace = folder();
  spawnSync('git', ['init', '-q', workspace]);
  const hook = path.join(workspace, '.git', 'hooks', 'pre-commit');
  const box = sandbox(t, { profile: 'workspace-write', workspace });
  const result = await node(box, "require('node:fs').writeFileSync(process.argv[1], '')", [hook]);
  assert.notEqual(result.exitCode, 0);
  assert.equal((await node(box, "require('node:fs').readFileSync(process.argv[1])", [path.join(workspace, '.git', 'config')])).exitCode, 0);
  assert.ok(result.enforcement.unenforced.some(({ promise }) => promise === 'carve-outs'));
});

test('more processes than the limit lets can not be made', async (t) => {
  const box = sandbox(t, { profile: 'offline' });
  const script = "process.exit(require('node:child_process').spawnSync(process.execPath, ['-e', '0']).error ? 9 : 0)";
  const result = await node(box, script, [], { limits: { processes: 1 } });
  assert.equal(result.exitCode, 9);
  assert.deepEqual(result.enforcement.limits.processes, { value: 1, by: 'job', per: 'run' });
});
