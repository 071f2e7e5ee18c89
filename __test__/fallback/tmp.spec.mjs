// A folder of the sandbox's own stands in for the private tmp; the tmp of the host is not written, and its size is not held.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Sandbox } from '../../index.js';
import { workspace } from '../support/places.mjs';
import { lacks } from '../support/lacks.mjs';
import { probe } from '../support/probe.mjs';
import { RESTRICTED, sandbox, sh } from '../support/sandbox.mjs';

const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const folder = workspace();
    const box = new Sandbox({ profile, workspace: folder });
    const own = (await sh(box, 'echo x > "$TMPDIR/x" && printf %s "$TMPDIR"')).stdout;
    const other = sandbox(t, { profile, workspace: folder });
    assert.equal((await sh(box, 'cat "$TMPDIR/x"')).stdout, 'x\n', 'its runs share it');
    assert.notEqual((await sh(other, `echo y > "${own}/x"`)).exitCode, 0, 'another sandbox does not write it');
    for (const directory of ['/tmp', '/var/tmp', '/dev/shm'].filter(existsSync)) {
      const host = mkdtempSync(path.join(directory, 'codex-spec-'));
      t.after(() => rmSync(host, { recursive: true, force: true }));
      writeFileSync(path.join(host, 'file'), 'of the host');
      for (const attempt of [`echo x > ${directory}/codex-spec-new`, `echo x > ${host}/file`, `rm -r ${host}`, `mv ${host}/file ${own}/file`]) {
        assert.notEqual((await sh(box, attempt)).exitCode, 0, attempt);
      }
      assert.equal((await sh(box, `cat ${host}/file`)).stdout, directory === '/dev/shm' ? '' : 'of the host');
    }
    await box.close();
    assert.equal(existsSync(own), false, 'it is gone with the sandbox');
    await lacks('private-tmp', { profile, workspace: folder });
  });
}

test('its size can not be held', async () => {
  const folder = workspace();
  await assert.rejects(new Sandbox({ workspace: folder, limits: { tmpSize: 1 << 20 } }).exec('true'), ({ code, message, remedy }) => {
    assert.equal(code, 'SandboxUnavailable');
    assert.match(message, /limits\.tmpSize/);
    assert.match(remedy, /user namespaces/);
    return true;
  });
  await lacks('limits', { profile: 'offline', workspace: folder });
});

test('what needs shared memory by name fails, and the rest works', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  assert.equal(await probe(box, 'share'), 'EACCES');
  const loop = "import asyncio\nasync def main():\n    child = await asyncio.create_subprocess_exec('echo', 'child', stdout=asyncio.subprocess.PIPE)\n    print((await child.communicate())[0].decode().strip())\nasyncio.run(main())";
  const result = await box.exec(PYTHON, ['-c', loop]);
  assert.equal(result.stdout, 'child\n', result.stderr);
  await lacks('private-tmp', { profile: 'workspace-write', workspace: folder });
});
