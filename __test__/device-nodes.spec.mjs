// No device node can be made, and the devices of the machine are not there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const MKNOD = 133;
const [CHARACTER, BLOCK] = [0o020666, 0o060666];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const folder of ['.', '/tmp', '/dev/shm']) {
      for (const [mode, device] of [[CHARACTER, 0x101], [CHARACTER, 0x103], [BLOCK, 0xfd00], [BLOCK, 0x800]]) {
        assert.notEqual(await probe(box, 'call', MKNOD, `s:${folder}/node`, mode, device), 'ok');
      }
    }
    const nodes = (await sh(box, 'for file in $(find /dev); do [ ! -L $file ] && { [ -b $file ] || [ -c $file ]; } && echo $file; done | sort')).stdout.trim().split('\n');
    assert.deepEqual(nodes, ['/dev/full', '/dev/null', '/dev/pts/ptmx', '/dev/random', '/dev/tty', '/dev/urandom', '/dev/zero']);
  });
}
