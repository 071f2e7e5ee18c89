// A command in a sandbox can't make another sandbox of namespaces, and is told why; best effort holds what it can.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { PACKAGE, outside, workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

const CLI = path.join(PACKAGE, 'bin/codex.js');
/** The package may lie below the tmp of the host. */
const profile = new SecurityProfile('workspace-write', { readable: [PACKAGE] });

test('it is refused for what it is, with what to do', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile, workspace: folder });
  const { exitCode, stderr } = await box.exec(process.execPath, [CLI, 'exec', '--profile', 'offline', '--', 'true']);
  assert.equal(exitCode, 125);
  assert.match(stderr, /forbidden to this process by the sandbox or container that it is in .*; run it outside of that/);
  assert.doesNotMatch(stderr, /sysctl/);
  const doctor = await box.exec(process.execPath, [CLI, 'doctor']);
  assert.match(doctor.stdout, /run it outside of that/);
});

test('best effort writes the workspace, and nothing else', async (t) => {
  const [folder, other] = [workspace(), outside()];
  const box = sandbox(t, { profile, workspace: folder });
  const inner = [CLI, 'exec', '--profile', 'workspace-write', '--enforcement', 'best-effort', '--', 'sh', '-c', `echo ok > ok; echo bad > ${other}/bad`];
  await box.exec(process.execPath, inner);
  assert.equal(existsSync(path.join(folder, 'ok')), true);
  assert.equal(existsSync(path.join(other, 'bad')), false);
});
