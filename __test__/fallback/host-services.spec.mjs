// A service of the host at a path is out of reach where there is no network; where there is one it can be reached, and that is said.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../../index.js';
import { outside, workspace } from '../support/places.mjs';
import { lacks } from '../support/lacks.mjs';
import { probe } from '../support/probe.mjs';
import { sandbox } from '../support/sandbox.mjs';
import { service } from '../support/services.mjs';
import { until } from '../support/until.mjs';

for (const profile of ['offline', 'workspace-write']) {
  test(`none is reached under ${profile}, granted or not`, async (t) => {
    const [base, folder] = [outside(), workspace()];
    const [stream, datagram] = [path.join(base, 's'), path.join(base, 'd')];
    const seen = [await service(t, stream), await service(t, datagram, 'datagram')];
    for (const overrides of [{}, { unixSockets: [stream, datagram] }]) {
      const options = { profile: SecurityProfile.named(profile, overrides), workspace: folder };
      const box = sandbox(t, options);
      assert.equal(await probe(box, 'unix', stream), 'EAFNOSUPPORT');
      for (const word of ['unix-datagram', 'unix-pair']) assert.equal(await probe(box, word, datagram), 'EAFNOSUPPORT', word);
      await lacks('private-loopback', options);
    }
    assert.deepEqual(seen, [[], []]);
  });
}

for (const profile of ['net-read-only', 'workspace-net']) {
  test(`under ${profile} one is reached`, async (t) => {
    const [socket, folder] = [path.join(outside(), 's'), workspace()];
    const seen = await service(t, socket);
    assert.equal(await probe(sandbox(t, { profile, workspace: folder }), 'unix', socket), 'ok');
    await until(() => seen.length > 0, 'the connection');
    await lacks('host-unix-sockets', { profile, workspace: folder });
  });
}
