// A set-id program gives nobody more than they have.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { outside, workspace } from './support/places.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

test('the user stays who it is', async (t) => {
  const O = outside();
  const program = path.join(O, 'own-id');
  copyFileSync('/usr/bin/id', program);
  chmodSync(O, 0o755);
  if (process.getuid() === 0) execFileSync('chown', ['nobody', program]);
  chmodSync(program, 0o6755);
  for (const profile of RESTRICTED) {
    const box = sandbox(t, { profile, workspace: workspace() });
    assert.equal((await box.exec(program, ['-u'])).stdout, `${process.getuid()}\n`);
    for (const command of ['su -c id', 'sudo -n id', 'pkexec id']) {
      assert.notEqual((await sh(box, `${command} < /dev/null`)).exitCode, 0, command);
    }
  }
});
