// The profiles with network use the host's, unfiltered in this version, and say so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { sandbox } from './support/sandbox.mjs';
import { tcpServer } from './support/servers.mjs';
import { until } from './support/until.mjs';

for (const profile of ['net-read-only', 'workspace-net']) {
  test(`${profile} reaches a server of the host`, async (t) => {
    const server = await tcpServer(t, '127.0.0.1');
    const box = sandbox(t, { profile, workspace: workspace() });
    assert.equal(await probe(box, 'tcp', '127.0.0.1', server.port), 'ok');
    await until(() => server.seen.length === 1, 'the connection');
    const { enforcement } = await box.exec('true');
    assert.equal(enforcement.network, 'unfiltered');
    const filter = enforcement.unenforced.find(({ promise }) => promise === 'network-filter');
    assert.equal(filter?.cause, 'version');
  });
}

test('trusted is on the host', async (t) => {
  const server = await tcpServer(t, '127.0.0.1');
  const box = sandbox(t, { profile: 'trusted' });
  assert.equal(await probe(box, 'tcp', '127.0.0.1', server.port), 'ok');
  const { enforcement } = await box.exec('true');
  assert.equal(enforcement.network, 'host');
  assert.deepEqual(enforcement.filesystem, []);
  assert.deepEqual(enforcement.unenforced, []);
});
