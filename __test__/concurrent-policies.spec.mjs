// Sandboxes with different policies at work at once don't mix.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { outside, snapshot, workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
import { tcpServer } from './support/servers.mjs';

test('files, network and environment of each are its own', async (t) => {
  const server = await tcpServer(t, '127.0.0.1');
  const forbidden = outside();
  const before = snapshot(forbidden);
  const base = outside();
  writeFileSync(path.join(base, 'secret'), 'the secret content');
  const made = ['offline', 'net-read-only', 'workspace-write', 'workspace-net'].flatMap((name) => [false, true].map((denied) => {
    const folder = workspace();
    const profile = SecurityProfile.named(name, { denyRead: denied ? [path.join(base, 'secret')] : [], environment: { set: { WHO: `${name} ${denied}` } } });
    return { name, denied, folder, box: sandbox(t, { profile, workspace: folder }) };
  }));
  await Promise.all(made.map(async ({ name, denied, folder, box }) => {
    for (let round = 0; round < 15; round++) {
      const others = made.map((other) => other.folder).filter((other) => other !== folder).concat(forbidden);
      const result = await sh(box, `echo "$WHO"; pwd; cat ${base}/secret; echo ${round} > mine; for other in ${others.join(' ')}; do echo x > $other/theirs; done; ls "$TMPDIR"; echo x > "$TMPDIR/${round}"`);
      const tmp = Array.from({ length: round }, (_, index) => `${index}\n`).sort().join('');
      assert.equal(result.stdout, `${name} ${denied}\n${folder}\n${denied ? '' : 'the secret content'}${tmp}`);
      assert.equal(result.enforcement.profile, name);
      assert.equal(existsSync(path.join(folder, 'mine')), name.startsWith('workspace'));
      if (name.startsWith('workspace')) assert.equal(readFileSync(path.join(folder, 'mine'), 'utf8'), `${round}\n`);
      assert.equal((await probe(box, 'tcp', '127.0.0.1', server.port)) === 'ok', /net/.test(name));
    }
  }));
  for (const { folder } of made) assert.equal(existsSync(path.join(folder, 'theirs')), false);
  assert.equal(snapshot(forbidden), before);
});
