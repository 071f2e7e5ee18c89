// Servers and clients of one sandbox reach each other, and nobody else.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { workspace } from './support/places.mjs';
import { PROBE, probe } from './support/probe.mjs';
import { sandbox } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

const PORT = 34567;

for (const profile of ['offline', 'workspace-write']) {
  for (const address of ['127.0.0.1', '::1']) {
    test(`a client reaches a server of another run on ${address} under ${profile}`, async (t) => {
      const folder = workspace();
      const [box, other] = [0, 1].map(() => sandbox(t, { profile, workspace: folder }));
      const serving = box.exec(PROBE, ['serve', address, `${PORT}`]);
      assert.equal(await probe(other, 'tcp', address, PORT), 'ECONNREFUSED', 'another sandbox');
      assert.equal(await connectFromHost(address, PORT), 'ECONNREFUSED', 'the host');
      await until(async () => (await probe(box, 'tcp', address, PORT)) === 'ok', 'the server');
      assert.equal((await serving).stdout, 'hello\n');
    });
  }
}

for (const profile of ['offline', 'workspace-write', SecurityProfile.named('workspace-net', { network: 'none' })]) {
  test(`${profile.name ?? profile} says that it has one`, async (t) => {
    const { enforcement } = await sandbox(t, { profile, workspace: workspace() }).exec('true');
    assert.equal(enforcement.network, 'private-loopback');
  });
}

function connectFromHost(host, port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port }, () => resolve(socket.destroy() && 'ok'));
    socket.on('error', (error) => resolve(error.code));
  });
}
