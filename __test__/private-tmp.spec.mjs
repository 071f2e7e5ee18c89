// The tmp directories are the sandbox's own: shared by its runs, unseen by the host, and gone with it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { codex } from './support/cli.mjs';
import { workspace } from './support/places.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const DIRECTORIES = ['/tmp', '/var/tmp', '/dev/shm'].filter(existsSync);

for (const profile of RESTRICTED) {
  test(`${profile} writes a tmp that the host does not see`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const name = `codex-spec-${randomUUID()}`;
    for (const directory of DIRECTORIES) {
      const file = path.join(directory, name);
      t.after(() => rmSync(file, { force: true }));
      const result = await sh(box, `echo mine > ${file} && cat ${file}`);
      assert.equal(result.stdout, 'mine\n', result.stderr);
      assert.equal(existsSync(file), false, file);
      assert.equal((await sh(box, `cat ${file}`)).stdout, 'mine\n', 'the next run has it, too');
    }
  });

  test(`${profile} does not see the tmp of the host`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const directory of DIRECTORIES) {
      const file = path.join(directory, `codex-spec-${randomUUID()}`);
      writeFileSync(file, 'of the host');
      t.after(() => rmSync(file, { force: true }));
      const result = await sh(box, `ls -A ${directory}; cat ${file}`);
      assert.equal(result.stdout, '');
      assert.notEqual(result.exitCode, 0);
    }
  });
}

test('two sandboxes have nothing in common', async (t) => {
  const folder = workspace();
  const [one, other] = [0, 1].map(() => sandbox(t, { profile: 'workspace-write', workspace: folder }));
  assert.equal((await sh(one, 'echo mine > /tmp/x')).exitCode, 0);
  assert.equal((await sh(other, 'test -e /tmp/x')).exitCode, 1);
});

test('TMPDIR names a folder that can be written, whatever the host has', async (t) => {
  const before = process.env.TMPDIR;
  t.after(() => (before === undefined ? delete process.env.TMPDIR : (process.env.TMPDIR = before)));
  for (const host of ['/nonexistent', workspace(), undefined]) {
    if (host === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = host;
    for (const profile of RESTRICTED) {
      const box = sandbox(t, { profile, workspace: workspace() });
      const result = await sh(box, 'test -d "$TMPDIR" && file=$(mktemp) && echo ok > "$file" && cat "$file"');
      assert.equal(result.stdout, 'ok\n', `${profile}: ${result.stderr}`);
    }
  }
});

test('programs can keep locks and what they need while they run in /run', async (t) => {
  for (const profile of RESTRICTED) {
    const box = sandbox(t, { profile, workspace: workspace() });
    const script = `cd /run/user/$(id -u) && stat -c %a . && mkdir -p just && echo 'echo ok' > just/recipe && sh just/recipe
      flock /run/lock/mine echo locked; touch /run/other || echo refused`;
    const { stdout, denials } = await sh(box, script);
    assert.equal(stdout, '700\nok\nlocked\nrefused\n');
    assert.deepEqual(denials.map((denial) => denial.path), ['/run/other']);
    assert.equal((await sh(box, 'sh /run/user/$(id -u)/just/recipe')).stdout, 'ok\n', 'the next run has it, too');
  }
  assert.equal(existsSync('/run/lock/mine'), false);
  const own = `/run/user/${process.getuid()}/any`;
  assert.equal(SecurityProfile.named('workspace-write').explain({ write: own }).rule, 'private-tmp');
});

test('a program or a working directory in the tmp of the host is told apart from one that is missing', async (t) => {
  const place = mkdtempSync('/tmp/codex-spec-');
  t.after(() => rmSync(place, { recursive: true }));
  const program = path.join(place, 'program');
  writeFileSync(program, '#!/bin/sh\npwd\n', { mode: 0o755 });
  const folder = workspace();
  const box = sandbox(t, { profile: 'offline', workspace: folder });
  const why = /a sandbox has a tmp of its own, without .* of the host; to show it, add readable: \[/;
  await assert.rejects(box.exec(program), { code: 'ENOENT', path: program, message: why });
  await assert.rejects(box.exec('pwd', [], { cwd: place }), { code: 'ENOENT', path: place, message: why });
  await assert.rejects(box.exec('/tmp/none'), { code: 'ENOENT', message: /^program not found: \/tmp\/none/ });
  const seeing = sandbox(t, { profile: new SecurityProfile('offline', { readable: [place] }), workspace: folder });
  assert.equal((await seeing.exec(program, [], { cwd: place })).stdout, `${place}\n`);
  const { exitCode, stderr } = await codex(['exec', '--workspace', folder, '--', program]);
  assert.deepEqual([exitCode, why.test(stderr)], [127, true], stderr);
});
