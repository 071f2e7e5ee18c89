// On a kernel without Landlock the mounts hold the file rules alone, and the result says so.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { answer, run, script } from './support/node.mjs';
import { CLI } from './support/cli.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';

const hidden = (commandLine) => [PROBE, 'hide-landlock', ...commandLine];

test('offline and workspace-write hold all that they promise', async () => {
  for (const profile of ['offline', 'workspace-write']) {
    const [folder, base] = [workspace(), outside()];
    const before = snapshot(base);
    const result = await answer(hidden(script(`
      codex.exec('sh', ['-c', 'echo x > ' + facts.base + '/new; echo y > mine; chmod 777 ' + facts.base + '; echo z > /tmp/z && cat /tmp/z'], { profile: facts.profile, workspace: facts.folder })
        .then((result) => console.log(JSON.stringify(result)));`, { folder, base, profile })));
    assert.equal(snapshot(base), before);
    assert.equal(result.stdout, 'z\n');
    assert.deepEqual(result.enforcement.filesystem, ['mounts']);
    assert.equal(result.enforcement.landlockAbi, 0);
    assert.equal(result.enforcement.processes, 'pid-namespace');
    assert.equal(result.enforcement.network, 'private-loopback');
    assert.deepEqual(result.enforcement.unenforced.filter(({ cause }) => cause === 'machine'), []);
    if (profile === 'workspace-write') assert.equal(readFileSync(path.join(folder, 'mine'), 'utf8'), 'y\n');
  }
});

test('with a network no Unix socket can be made, so that those of the host without a path are out of reach', async (t) => {
  const host = net.createServer((socket) => socket.end('host')).listen(`\0codex-spec-${process.pid}`);
  await once(host, 'listening');
  t.after(() => host.close());
  const client = `
import socket
kinds = {'stream': socket.SOCK_STREAM, 'datagrams': socket.SOCK_DGRAM}
def attempt(make):
    try: return make()
    except OSError as error: return error.strerror
for name, kind in kinds.items(): print(name, attempt(lambda: socket.socket(socket.AF_UNIX, kind).connect('\\0codex-spec-${process.pid}')))
print('pair', attempt(lambda: len(socket.socketpair())), attempt(lambda: len(socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))))
print('internet', attempt(lambda: socket.socket(socket.AF_INET).close()))`;
  for (const profile of ['net-read-only', 'workspace-net']) {
    const { stdout, stderr, enforcement } = await answer(hidden(script(`
      codex.exec('python3', ['-c', facts.client], { profile: facts.profile, workspace: facts.folder }).then((result) => console.log(JSON.stringify(result)));`,
    { folder: workspace(), profile, client })));
    const closed = 'Address family not supported by protocol';
    assert.equal(stdout, `stream ${closed}\ndatagrams ${closed}\npair 2 ${closed}\ninternet None\n`, stderr);
    assert.deepEqual(enforcement.unenforced.filter(({ cause }) => cause === 'machine'), []);
  }
});

test('a granted socket needs Landlock where there is a network', async (t) => {
  const folder = workspace();
  const socket = path.join(outside(), 'service');
  const service = net.createServer((connection) => connection.end('service')).listen(socket);
  await once(service, 'listening');
  t.after(() => service.close());
  const results = await answer(hidden(script(`
    const profile = codex.SecurityProfile.named('workspace-net', { unixSockets: [facts.socket] });
    const one = (enforcement) => codex.exec('true', [], { profile, workspace: facts.folder, enforcement }).catch(({ code, message }) => ({ code, message }));
    Promise.all([one('required'), one('best-effort')]).then((results) => console.log(JSON.stringify(results)));`, { folder, socket })));
  assert.equal(results[0].code, 'SandboxUnavailable');
  assert.match(results[0].message, /Landlock/);
  assert.equal(results[1].exitCode, 0);
  assert.ok(results[1].enforcement.unenforced.some(({ promise, cause }) => promise === 'abstract-unix-sockets' && cause === 'machine'));
});

test('the doctor says what is missing', async () => {
  const { stdout, exitCode } = await run(hidden([process.execPath, CLI, 'doctor', '--json']));
  assert.equal(exitCode, 0);
  const landlock = JSON.parse(stdout).features.find(({ name }) => name === 'landlock');
  assert.equal(landlock.present, false);
  assert.match(landlock.detail, /Landlock/);
  assert.match(landlock.remedy, /lsm=landlock/);
});
