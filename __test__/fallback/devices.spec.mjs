// No device node can be made, and of the machine's none can be opened but those that are for everybody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from '../support/places.mjs';
import { probe } from '../support/probe.mjs';
import { RESTRICTED, sandbox, sh } from '../support/sandbox.mjs';

const MKNOD = 133;
const [CHARACTER, BLOCK] = [0o020666, 0o060666];
const NODES = 'for file in $(find /dev -type c -o -type b 2> /dev/null); do ( : < $file ) 2> /dev/null && echo $file; done | sort';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const folder of ['.', (await sh(box, 'printf %s "$TMPDIR"')).stdout, '/dev']) {
      for (const [mode, device] of [[CHARACTER, 0x101], [CHARACTER, 0x103], [BLOCK, 0xfd00], [BLOCK, 0x800]]) {
        assert.notEqual(await probe(box, 'call', MKNOD, `s:${folder}/node`, mode, device), 'ok');
      }
    }
    const opened = (await sh(box, NODES)).stdout.trim().split('\n');
    assert.deepEqual(opened, ['/dev/full', '/dev/null', '/dev/random', '/dev/urandom', '/dev/zero']);
  });
}
