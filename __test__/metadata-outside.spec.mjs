// Modes, times, owners, attributes, flags and lists of access of files outside stay as they are.
import assert from 'node:assert/strict';
import { chmodSync, closeSync, mkdirSync, openSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { outside, snapshot, workspace } from './support/places.mjs';
import { PROBE, probe } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const [SETXATTR, LSETXATTR, REMOVEXATTR, CHOWN, FCHOWNAT, UTIMENSAT] = [188, 189, 197, 92, 260, 280];

// Each is done in the workspace ($W) to the host folder outside ($O), and must fail. Under `trusted` it succeeds.
const WAYS = {
  'change a mode': 'chmod 777 "$O/file"',
  'change the mode of a folder': 'chmod 777 "$O/folder"',
  'change a mode through a symlink': 'chmod 777 "$W/to-file"',
  'change a time': 'touch -d 2001-01-01 "$O/file"',
  'change the time of a folder': 'touch -d 2001-01-01 "$O/folder"',
};

for (const profile of [...RESTRICTED, 'trusted']) {
  test(`modes and times, under ${profile}`, async (t) => {
    for (const [way, script] of Object.entries(WAYS)) {
      const place = { W: workspace(), O: outside() };
      writeFileSync(path.join(place.O, 'file'), 'as it was');
      mkdirSync(path.join(place.O, 'folder'));
      symlinkSync(path.join(place.O, 'file'), path.join(place.W, 'to-file'));
      const before = snapshot(place.O);
      const { exitCode } = await sh(sandbox(t, { profile, workspace: place.W }), script, { env: { ...process.env, ...place } });
      assert.equal(exitCode === 0, profile === 'trusted', way);
      assert.equal(snapshot(place.O) === before, profile !== 'trusted', way);
    }
  });
}

test('modes, while a folder is swapped for a symlink', async (t) => {
  const [W, O] = [workspace(), outside()];
  mkdirSync(path.join(W, 'folder'));
  symlinkSync(O, path.join(W, 'link'));
  const before = snapshot(O);
  const box = sandbox(t, { profile: 'workspace-write', workspace: W });
  const result = await sh(box, `"${PROBE}" exchange folder link & while kill -0 $! 2> /dev/null; do for i in 1 2 3 4 5 6 7 8; do chmod 777 folder; done; done 2> /dev/null; wait; echo done`, { timeout: 60_000 });
  assert.match(result.stdout, /done\n$/);
  assert.equal(snapshot(O), before);
});

for (const profile of RESTRICTED) {
  test(`the rest, under ${profile}`, async (t) => {
    const O = outside();
    const file = path.join(O, 'file');
    writeFileSync(file, 'as it was');
    const before = snapshot(O);
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const call of [SETXATTR, LSETXATTR]) assert.notEqual(await probe(box, 'call', call, `s:${file}`, 's:user.x', 's:1', 1, 0), 'ok');
    assert.notEqual(await probe(box, 'call', REMOVEXATTR, `s:${file}`, 's:user.x'), 'ok');
    assert.notEqual(await probe(box, 'call', CHOWN, `s:${file}`, process.getuid(), process.getgid()), 'ok');
    assert.notEqual(await probe(box, 'call', FCHOWNAT, -100, `s:${file}`, process.getuid(), process.getgid(), 0), 'ok');
    assert.notEqual(await probe(box, 'call', UTIMENSAT, -100, `s:${file}`, 'buffer', 0), 'ok');
    assert.notEqual(await probe(box, 'set-flags', file), 'ok');
    assert.equal(snapshot(O), before);
  });
}

// The nodes of the host's own devices are in the sandbox, and those who run it as root own them.
for (const profile of RESTRICTED) {
  test(`devices, and the one to which streams lead nowhere, under ${profile}`, async (t) => {
    const nodes = ['/dev/null', '/dev/zero', '/dev/full', '/dev/tty', '/dev/urandom'];
    const state = () => nodes.map((node) => `${node} ${statSync(node).mode.toString(8)} ${statSync(node).mtimeMs}`);
    const before = state();
    const box = sandbox(t, { profile, workspace: workspace() });
    const null_ = openSync('/dev/null', 'r+');
    try {
      assert.notEqual((await sh(box, `chmod 667 ${nodes.join(' ')}`)).exitCode, 0);
      assert.notEqual((await sh(box, `touch -d 2001-01-01 ${nodes.join(' ')}`)).exitCode, 0);
      const script = "import os\nfor fd in range(3):\n for change in (lambda: os.fchmod(fd, 0o667), lambda: os.utime(fd, (1, 1))):\n  try: change()\n  except OSError: pass";
      for (const stream of ['ignore', null_]) {
        const { exitCode } = await box.exec('python3', ['-c', script], { stdin: stream, stdout: stream, stderr: stream });
        assert.equal(exitCode, 0);
      }
      // They are written as before.
      const written = await sh(box, 'echo x > /dev/null && ! echo x 2> /dev/null > /dev/full && head -c 4 /dev/zero | wc -c && head -c 4 /dev/urandom | wc -c');
      assert.deepEqual([written.exitCode, written.stdout], [0, '4\n4\n'], written.stderr);
      assert.deepEqual(state(), before);
    } finally {
      closeSync(null_);
      if (process.getuid() === 0) nodes.forEach((node) => chmodSync(node, 0o666));
    }
  });
}
