// Without network, no server of the host sees anything of a run.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { start } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { PROBE, probe } from './support/probe.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';
import { ownAddresses, tcpServer, udpServer } from './support/servers.mjs';
import { until } from './support/until.mjs';

const CLOSED = ['offline', 'workspace-write', SecurityProfile.named('workspace-net', { network: 'none' })];

for (const profile of CLOSED) {
  const name = profile.name ?? profile;
  for (const address of ownAddresses()) {
    test(`${name} reaches no TCP and no UDP server on ${address}`, async (t) => {
      const [tcp, udp] = [await tcpServer(t, address), await udpServer(t, address)];
      const box = sandbox(t, { profile, workspace: workspace() });
      assert.notEqual(await probe(box, 'tcp', address, tcp.port), 'ok');
      // A datagram to the private loopback is sent to nobody.
      await probe(box, 'udp', address, udp.port);

      // The servers work: without a sandbox the same program is seen, and it is the first.
      const free = sandbox(t, { profile: 'trusted' });
      assert.equal(await probe(free, 'tcp', address, tcp.port), 'ok');
      assert.equal(await probe(free, 'udp', address, udp.port), 'ok');
      await until(() => tcp.seen.length > 0 && udp.seen.length > 0, 'the connection and the datagram without a sandbox');
      assert.equal(tcp.seen.length, 1);
      assert.equal(udp.seen.length, 1);
    });
  }
}

test('no restricted profile reaches an abstract unix socket of the host', async (t) => {
  const name = `codex-spec-${randomUUID()}`;
  const server = start([PROBE, 'serve-abstract', name]);
  t.after(() => server.kill('SIGKILL'));
  let said = '';
  server.stdout.setEncoding('utf8').on('data', (text) => (said += text));
  await until(() => said === 'ready\n', 'the server');
  for (const profile of RESTRICTED) {
    const box = sandbox(t, { profile, workspace: workspace() });
    assert.notEqual(await probe(box, 'abstract', name), 'ok', profile);
    assert.equal(said, 'ready\n', profile);
  }
  // The server takes one client: the first one that came is the one without a sandbox.
  assert.equal(await probe(sandbox(t, { profile: 'trusted' }), 'abstract', name), 'ok');
  await until(() => said === 'ready\nseen\n', 'the connection without a sandbox');
});
