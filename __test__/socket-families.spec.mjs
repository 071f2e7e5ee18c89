// Sockets that reach past the network of the sandbox can't be made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';

const SOCKET = 41;
const [STREAM, DATAGRAM, RAW] = [1, 2, 3];
const [UNIX, INET, AX25, INET6, NETLINK, PACKET, ALG, VSOCK, BLUETOOTH, XDP] = [1, 2, 3, 10, 16, 17, 38, 40, 31, 44];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const make = (...words) => probe(box, 'call', SOCKET, ...words);
    for (const [family, type] of [[VSOCK, STREAM], [VSOCK, DATAGRAM], [PACKET, RAW], [PACKET, DATAGRAM], [ALG, 5], [BLUETOOTH, RAW], [XDP, RAW], [AX25, DATAGRAM]]) {
      assert.equal(await make(family, type, 0), 'EAFNOSUPPORT', `family ${family}`);
    }
    assert.equal(await make(INET, RAW, 1), 'EPERM');
    assert.equal(await make(INET6, RAW, 58), 'EPERM');
    // The kernel looks at 32 bits of a family; so must the filter.
    for (const high of ['0xffffffff00000000', '0x100000000']) {
      const disguised = `0x${(BigInt(high) + BigInt(VSOCK)).toString(16)}`;
      assert.equal(await make(disguised, STREAM, 0), 'EAFNOSUPPORT', disguised);
    }
    // Netlink is there for the list of interfaces, and for nothing else: 12 is netfilter.
    assert.equal(await make(NETLINK, RAW, 0), 'ok');
    assert.equal(await make(NETLINK, RAW, 12), 'EAFNOSUPPORT');
    for (const family of [UNIX, INET, INET6]) assert.equal(await make(family, STREAM, 0), 'ok', `family ${family}`);
  });
}
