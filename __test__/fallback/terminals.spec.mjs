// The terminals of the user are neither read nor written by their paths. Programs can make none of their own for it, which is said; the
// one that a run is given works.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { start } from '../support/node.mjs';
import { workspace } from '../support/places.mjs';
import { lacks } from '../support/lacks.mjs';
import { probe } from '../support/probe.mjs';
import { RESTRICTED, sandbox, sh } from '../support/sandbox.mjs';
import { until } from '../support/until.mjs';

const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
/** Makes a terminal, says its path, and then what somebody writes to it. */
const TERMINAL = 'import os\nours, theirs = os.openpty()\nprint(os.ttyname(theirs), flush=True)\nwhile True: print("written", os.read(ours, 100), flush=True)';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const folder = workspace();
    const user = start([PYTHON, '-c', TERMINAL]);
    t.after(() => user.kill('SIGKILL'));
    let said = '';
    user.stdout.setEncoding('utf8').on('data', (text) => (said += text));
    await until(() => said.endsWith('\n'), 'the terminal');
    const terminal = said.trim();
    const box = sandbox(t, { profile, workspace: folder });
    for (const attempt of [`echo typed > ${terminal}`, `: < ${terminal}`, `exec 3<> ${terminal}`, `stty -F ${terminal} -echo`, `echo typed > /proc/${user.pid}/fd/3`]) {
      assert.notEqual((await sh(box, attempt)).exitCode, 0, attempt);
    }
    assert.equal(await probe(box, 'pty'), 'EACCES');
    const own = await box.spawn('sh', ['-c', 'test -t 0 && stty size && echo through > /dev/tty'], { stdio: 'pty' });
    assert.equal(own.stdout, '24 80\r\nthrough\r\n');
    // Node opens it once more by its path, which is refused and does no harm.
    const again = await box.spawn(process.execPath, ['-e', 'process.stdin; console.log("done")'], { stdio: 'pty' });
    assert.deepEqual([again.stdout, again.denials, again.hints], ['done\r\n', [], []]);
    start(['sh', '-c', `echo typed > ${terminal}`]);
    await until(() => said !== `${terminal}\n`, 'what the host writes');
    assert.equal(said, `${terminal}\nwritten b'typed\\r\\n'\n`);
    await lacks('terminals', { profile, workspace: folder });
  });
}
