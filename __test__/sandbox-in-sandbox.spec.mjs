// A command in a sandbox can't make another sandbox of namespaces, and is told why; best effort holds what it can.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { answering } from './support/filter.mjs';
import { forbidden } from './support/forbidden.mjs';
import { run } from './support/node.mjs';
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

test('a container that pretends not to know a call is told from an old kernel', async () => {
  const way = 'forbidden to this process by the sandbox or container that it is in .*; run it outside of that';
  const attempt = (call, errno, enforcement, place = (commandLine) => commandLine) => run(
    place(answering(call, errno, [process.execPath, CLI, 'exec', '--profile', 'offline', '--enforcement', enforcement, '--', 'echo', 'ran'])));
  for (const errno of [constants.errno.EPERM, constants.errno.ENOSYS]) {
    const required = await attempt('unshare', errno, 'required');
    assert.equal(required.stdout, '');
    assert.match(required.stderr, new RegExp(`user namespaces are ${way}.*, or ask for best-effort enforcement\n$`));
    assert.equal((await attempt('unshare', errno, 'best-effort')).stdout, 'ran\n');
    // Without either, whatever is asked for.
    const neither = await attempt('landlock_create_ruleset', errno, 'best-effort', forbidden);
    assert.equal(neither.stdout, '');
    assert.match(neither.stderr, /user namespaces are forbidden .*, and (Landlock is forbidden to this process by the sandbox or container|there is no Landlock)/);
    assert.doesNotMatch(neither.stderr, /best-effort/);
  }
});

test('best effort writes the workspace, and nothing else', async (t) => {
  const [folder, other] = [workspace(), outside()];
  const box = sandbox(t, { profile, workspace: folder });
  const inner = [CLI, 'exec', '--profile', 'workspace-write', '--enforcement', 'best-effort', '--', 'sh', '-c', `echo ok > ok; echo bad > ${other}/bad`];
  await box.exec(process.execPath, inner);
  assert.equal(existsSync(path.join(folder, 'ok')), true);
  assert.equal(existsSync(path.join(other, 'bad')), false);
});
