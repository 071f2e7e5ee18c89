// Owners, attributes, flags and lists of access of files outside stay as they are.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { outside, snapshot, workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';

const [SETXATTR, LSETXATTR, REMOVEXATTR, CHOWN, FCHOWNAT, UTIMENSAT] = [188, 189, 197, 92, 260, 280];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const O = outside();
    const file = path.join(O, 'file');
    writeFileSync(file, 'as it was');
    const before = snapshot(O);
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const call of [SETXATTR, LSETXATTR]) assert.notEqual(await probe(box, 'call', call, `s:${file}`, 's:user.x', 's:1', 1, 0), 'ok');
    assert.notEqual(await probe(box, 'call', REMOVEXATTR, `s:${file}`, 's:user.x'), 'ok');
    assert.notEqual(await probe(box, 'call', CHOWN, `s:${file}`, process.getuid(), process.getgid()), 'ok');
    assert.notEqual(await probe(box, 'call', FCHOWNAT, -100, `s:${file}`, process.getuid(), process.getgid(), 0), 'ok');
    assert.notEqual(await probe(box, 'call', UTIMENSAT, -100, `s:${file}`, 'buffer', 0), 'ok');
    assert.notEqual(await probe(box, 'set-flags', file), 'ok');
    assert.equal(snapshot(O), before);
  });
}
