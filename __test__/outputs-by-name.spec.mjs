// A program can write to /dev/stdout and /dev/stderr also where they are files of the host, and has no other way to these files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { CLI } from './support/cli.mjs';
import { PARENTS, workspace } from './support/places.mjs';
import { RESTRICTED } from './support/sandbox.mjs';

/** Runs a script with its input, output and errors in files of a folder. */
function redirected(folder, profile, script) {
  const [input, output, errors] = ['in', 'out', 'err'].map((name) => path.join(folder, name));
  [input, output, errors].forEach((file) => writeFileSync(file, 'before\n'));
  const stdio = [openSync(input, 'r'), openSync(output, 'w'), openSync(errors, 'a')];
  const { status } = spawnSync(process.execPath, [CLI, 'exec', '--profile', profile, '--workspace', workspace(), '--', 'sh', '-c', script], { stdio });
  stdio.forEach(closeSync);
  return { status, input: readFileSync(input, 'utf8'), output: readFileSync(output, 'utf8'), errors: readFileSync(errors, 'utf8') };
}

for (const [where, parent] of Object.entries(PARENTS)) {
  for (const profile of RESTRICTED) {
    test(`${where}, under ${profile}`, () => {
      const folder = workspace(parent);
      const written = redirected(folder, profile, 'echo one > /dev/stdout && echo two >> /dev/stderr && echo three | tee -a /proc/self/fd/2');
      assert.deepEqual([written.status, written.output, written.errors], [0, 'three\n', 'before\ntwo\nthree\n']);
      const other = redirected(folder, profile, `for file in /dev/stdin "${folder}"/in "${folder}"/out "${folder}"/err "${folder}"/new; do echo bad > "$file" && echo wrote "$file"; done 2> /dev/null`);
      assert.deepEqual([other.input, other.output, other.errors.includes('bad')], ['before\n', '', false]);
    });
  }
}
