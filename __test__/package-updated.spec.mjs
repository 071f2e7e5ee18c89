// The package is updated, or removed, while a program that loaded it goes on: the program keeps the launcher of its own version.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer } from './support/node.mjs';
import { PACKAGE, workspace } from './support/places.mjs';

const UPDATES = {
  // As package managers do it: the new file takes the name of the old one.
  replaced: 'fs.copyFileSync("/bin/true", launcher + ".new"); fs.chmodSync(launcher + ".new", 0o755); fs.renameSync(launcher + ".new", launcher);',
  removed: 'fs.rmSync(path.dirname(launcher), { recursive: true });',
};

for (const [update, updateIt] of Object.entries(UPDATES)) {
  test(`the launcher was ${update}`, async () => {
    const copy = workspace();
    for (const entry of ['index.js', 'native.js', 'lib', 'package.json', 'npm']) cpSync(path.join(PACKAGE, entry), path.join(copy, entry), { recursive: true });
    const found = await answer([process.execPath, '-e', `
      const fs = require('node:fs');
      const path = require('node:path');
      const { Sandbox } = require(${JSON.stringify(path.join(copy, 'index.js'))});
      const launcher = path.join(${JSON.stringify(copy)}, 'npm', process.platform + '-' + process.arch, 'codex-launcher');
      ${updateIt}
      (async () => {
        const cwd = ${JSON.stringify(workspace())};
        const box = new Sandbox({ profile: 'workspace-write', workspace: cwd });
        const first = await box.exec('sh', ['-c', 'echo run; touch /etc/made']);
        const child = box.childProcess().spawnSync('sh', ['-c', 'echo child; touch /etc/made'], { cwd, encoding: 'utf8' });
        console.log(JSON.stringify([first.stdout, first.exitCode, child.stdout, child.status]));
        await box.close();
      })();`]);
    assert.deepEqual(found, ['run\n', 1, 'child\n', 1]);
  });
}
