// Without a network no socket can be made but a pair; with one, those that reach past it can't.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from '../support/places.mjs';
import { lacks } from '../support/lacks.mjs';
import { probe } from '../support/probe.mjs';
import { RESTRICTED, sandbox } from '../support/sandbox.mjs';

const [SOCKET, SOCKETPAIR] = [41, 53];
const [STREAM, DATAGRAM, RAW, SEQPACKET] = [1, 2, 3, 5];
const [UNIX, INET, INET6, NETLINK, PACKET, TIPC, BLUETOOTH, ALG, VSOCK, XDP] = [1, 2, 10, 16, 17, 30, 31, 38, 40, 44];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const folder = workspace();
    const box = sandbox(t, { profile, workspace: folder });
    const make = (...words) => probe(box, 'call', SOCKET, ...words);
    const closed = !profile.includes('net');
    const always = [[VSOCK, STREAM], [PACKET, RAW], [ALG, 5], [BLUETOOTH, RAW], [XDP, RAW]];
    const without = closed ? [UNIX, INET, INET6].flatMap((family) => [[family, STREAM], [family, DATAGRAM]]).concat([[NETLINK, RAW]]) : [];
    for (const [family, type] of [...always, ...without]) {
      // The kernel looks at 32 bits of a family; so must the filter.
      for (const high of [0n, 0x100000000n, 0xffffffff00000000n]) {
        assert.equal(await make(`0x${(high + BigInt(family)).toString(16)}`, type, 0), 'EAFNOSUPPORT', `family ${family}`);
      }
    }
    assert.notEqual(await make(INET, RAW, 1), 'ok');
    assert.equal(await make(NETLINK, RAW, 12), 'EAFNOSUPPORT');
    for (const [type, made] of [[STREAM, 'ok'], [SEQPACKET, 'ok'], [DATAGRAM, closed ? 'EAFNOSUPPORT' : 'ok'], [RAW, closed ? 'EAFNOSUPPORT' : 'ok']]) {
      assert.equal(await probe(box, 'call', SOCKETPAIR, UNIX, type, 0, 'buffer'), made, `a pair of type ${type}`);
    }
    assert.equal(await probe(box, 'call', SOCKETPAIR, TIPC, STREAM, 0, 'buffer'), 'EAFNOSUPPORT');
    const { enforcement } = await box.exec('true');
    assert.equal(enforcement.network, closed ? 'blocked' : 'unfiltered');
    if (closed) await lacks('private-loopback', { profile, workspace: folder });
  });
}
