// The private tmp has one size for all its directories together.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const MIB = 1 << 20;

test('filled up by one directory, it is full in all', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { tmpSize: 8 * MIB } });
  const result = await sh(box, 'head -c 100000000 /dev/zero > /tmp/x');
  assert.match(result.stderr, /No space left/);
  assert.equal(result.limit, 'tmpSize');
  assert.deepEqual(result.enforcement.limits.tmpSize, { value: 8 * MIB, by: 'tmpfs', per: 'sandbox' });
  for (const directory of ['/var/tmp', '/dev/shm'].filter(existsSync)) {
    assert.match((await sh(box, `echo x | cat > ${directory}/x`)).stderr, /No space left/);
  }
  const again = await sh(box, 'rm /tmp/x; echo x > /dev/shm/x && cat /dev/shm/x');
  assert.equal(again.stdout, 'x\n');
  assert.equal(again.limit, undefined);
});

test('empty files fill it, too', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { tmpSize: MIB } });
  const result = await sh(box, 'cd /tmp; i=0; while [ $i -lt 3000 ]; do : > $i || exit 3; i=$((i+1)); done');
  assert.notEqual(result.exitCode, 0);
  assert.equal(result.limit, 'tmpSize');
});

test('directories of the tmp are apart from each other', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  const result = await sh(box, 'echo x > /tmp/x; ls -A /var/tmp /dev/shm; stat -c %a /tmp /var/tmp /dev/shm');
  assert.doesNotMatch(result.stdout, /^x$/m);
  assert.equal(result.stdout.match(/1777/g).length, 3);
});
