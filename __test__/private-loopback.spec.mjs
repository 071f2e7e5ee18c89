// Servers and clients of one sandbox reach each other, and nobody else.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { workspace } from './support/places.mjs';
import { PROBE, probe } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
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

test('all of its ports can be had, and it answers pings', async (t) => {
  const script = `import socket
for port in 80, 443:
    server = socket.create_server(('127.0.0.1', port))
    socket.create_connection(('localhost', port)).close()
ping = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
ping.sendto(bytes([8, 0, 0, 0, 0, 0, 0, 1]), ('127.0.0.1', 0))
ping.settimeout(10)
print(ping.recv(64)[0])`;
  for (const profile of ['offline', 'workspace-write']) {
    const box = sandbox(t, { profile, workspace: workspace() });
    const { stdout, stderr } = await box.exec('python3', ['-c', script]);
    assert.equal(stdout, '0\n', stderr);
    assert.equal((await sh(box, 'sysctl -w net.ipv4.ip_unprivileged_port_start=1 || echo 1 > /proc/sys/net/ipv4/ip_unprivileged_port_start')).exitCode === 0, false);
  }
});

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
