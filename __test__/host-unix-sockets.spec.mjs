// Services of the host that listen on a socket in the file system can't be reached, unless their path is granted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile, exec } from '../index.js';
import { codex } from './support/cli.mjs';
import { start } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';
import { PROBE, probe } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';
import { service } from './support/services.mjs';
import { until } from './support/until.mjs';

/** A folder in /run, where this user may make one. */
function inRun(t) {
  for (const parent of ['/run', `/run/user/${process.getuid()}`, '/run/lock']) {
    try {
      const folder = mkdtempSync(path.join(parent, 'codex-spec-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      return folder;
    } catch {
      continue;
    }
  }
  return undefined;
}

for (const profile of RESTRICTED) {
  test(`none is reached under ${profile}`, async (t) => {
    const folder = workspace();
    const places = [outside(), folder, inRun(t)].filter(Boolean);
    const services = [];
    for (const place of places) {
      services.push({ socket: path.join(place, 's'), word: 'unix', seen: await service(t, path.join(place, 's')) });
      services.push({ socket: path.join(place, 'd'), word: 'unix-datagram', seen: await service(t, path.join(place, 'd'), 'datagram') });
    }
    const box = sandbox(t, { profile, workspace: folder });
    for (const { socket, word, seen } of services) {
      assert.notEqual(await probe(box, word, socket), 'ok', socket);
      assert.notEqual(await probe(box, 'unix-pair', socket), 'ok', socket);
      assert.deepEqual(seen, []);
      start([PROBE, word, socket]);
      await until(() => seen.length > 0, `${socket}: the host reaches it all the same`);
    }
  });
}

test('nor by another name for it', async (t) => {
  const [base, folder] = [outside(), workspace()];
  const seen = await service(t, path.join(base, 's'));
  symlinkSync(base, path.join(folder, 'link'));
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  for (const name of [path.join(folder, 'link', 's'), `/proc/self/root${base}/s`]) assert.notEqual(await probe(box, 'unix', name), 'ok', name);
  assert.notEqual((await sh(box, `ln "${base}/s" here && "${PROBE}" unix here`)).exitCode, 0);
  assert.deepEqual(seen, []);
});

test('one that appears in /run later', async (t) => {
  const place = inRun(t);
  // Where no folder of /run is this user's, a service of this user can't appear there.
  if (place === undefined) return;
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  await box.exec('true');
  const seen = await service(t, path.join(place, 's'));
  assert.notEqual(await probe(box, 'unix', path.join(place, 's')), 'ok');
  assert.deepEqual(seen, []);
});

test('one that a variable names', async (t) => {
  const socket = path.join(outside(), 'agent');
  const seen = await service(t, socket);
  const before = process.env.SSH_AUTH_SOCK;
  process.env.SSH_AUTH_SOCK = socket;
  t.after(() => (before === undefined ? delete process.env.SSH_AUTH_SOCK : (process.env.SSH_AUTH_SOCK = before)));
  assert.notEqual(await probe(sandbox(t, { profile: 'workspace-net', workspace: workspace() }), 'unix', socket), 'ok');
  assert.deepEqual(seen, []);
});

test('services that come and go keep no sandbox from being made', async (t) => {
  const folder = outside();
  const churn = `
import os, socket, sys
live = {}
for turn in range(10**9):
    name = str(turn % 200)
    if name in live: os.unlink(name); live.pop(name).close()
    live[name] = socket.socket(socket.AF_UNIX); live[name].bind(os.path.join(sys.argv[1], name)); live[name].listen(1)
    if turn == 200: print('ready', flush=True)`;
  const services = spawn('python3', ['-c', churn, folder], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => services.kill('SIGKILL'));
  await once(services.stdout, 'data');
  for (let turn = 0; turn < 40; turn++) assert.equal((await exec('true', [], { workspace: folder })).exitCode, 0);
  assert.equal(services.exitCode, null);
});

test('a granted one is reached, and it alone', async (t) => {
  const places = [outside(), inRun(t)].filter(Boolean);
  for (const place of places) {
    const [granted, other] = [path.join(place, 'granted'), path.join(place, 'other')];
    const [seen, unseen] = [await service(t, granted), await service(t, other)];
    const profile = { unixSockets: [granted] };
    const { SecurityProfile } = await import('../index.js');
    const box = sandbox(t, { profile: new SecurityProfile('offline', profile), workspace: workspace() });
    assert.equal(await probe(box, 'unix', granted), 'ok', granted);
    await until(() => seen.includes('hello'), 'the word');
    assert.notEqual(await probe(box, 'unix', other), 'ok', other);
    assert.deepEqual(unseen, []);
    seen.length = 0;
    const { exitCode, stderr } = await codex(['exec', '--workspace', workspace(), '--unix-socket', granted, '--', PROBE, 'unix', granted]);
    assert.equal(exitCode, 0, stderr);
    await until(() => seen.includes('hello'), 'the word');
  }
});

test('a grant of what is no socket is refused', async (t) => {
  const { SecurityProfile } = await import('../index.js');
  for (const name of [path.join(outside(), 'absent'), outside()]) {
    const profile = new SecurityProfile('offline', { unixSockets: [name] });
    assert.throws(() => sandbox(t, { profile, workspace: workspace() }), (error) => error.code === 'SandboxUnavailable' && error.message.includes(name));
  }
  assert.throws(() => new SecurityProfile('trusted', { unixSockets: ['/run/x'] }), { code: 'ProfileError' });
});

test('sockets of the sandbox itself work, in its tmp and in the workspace', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  for (const socket of ['/tmp/own', path.join(folder, 'own')]) {
    const result = await sh(box, `"${PROBE}" serve-unix ${socket} stream > /tmp/heard & while [ ! -S ${socket} ]; do sleep 0.02; done; sleep 0.1
      "${PROBE}" unix ${socket}; while ! grep -q hello /tmp/heard; do sleep 0.02; done; kill $!; echo heard`);
    assert.equal(result.stdout, '0\nheard\n', result.stderr);
  }
});

test('what programs read in /run is still there', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  const result = await sh(box, 'ls /run; [ -d "/run/user/$(id -u)" ] && echo has-user-folder; touch /run/x; cat /etc/resolv.conf > /dev/null && echo resolves');
  assert.match(result.stdout, /has-user-folder/);
  assert.equal(result.stdout.includes('resolves'), existsSync('/etc/resolv.conf'));
  assert.match(result.stderr, /[Rr]ead-only/);
});

test('the result says which, and how to grant it', async (t) => {
  for (const profile of RESTRICTED) {
    const folder = workspace();
    const places = [outside(), folder, mkdtempSync(path.join(os.tmpdir(), 'codex-spec-')), inRun(t)].filter(Boolean);
    t.after(() => rmSync(places[2], { recursive: true, force: true }));
    for (const place of places) {
      const [socket, link] = [path.join(place, 's'), path.join(place, 'link')];
      await service(t, socket);
      symlinkSync(socket, link);
      const box = sandbox(t, { profile, workspace: folder });
      for (const [name, cwd] of [[socket, '/'], [link, '/'], ['s', place]]) {
        // What the private tmp hides has no relative name.
        if (!existsSync(cwd) || (name === 's' && place !== folder && place !== places[0])) continue;
        const { denials, hints } = await box.exec(PROBE, ['unix', name], { cwd });
        assert.equal(denials.length, 1, `${profile} ${name} ${JSON.stringify(denials)}`);
        const [{ kind, address, rule, syscall, grant }] = denials;
        assert.deepEqual({ kind, address, rule, syscall }, { kind: 'connect', address: socket, rule: 'unix-socket', syscall: 'connect' });
        assert.equal(grant, `add unixSockets: ["${socket}"]`);
        assert.match(hints[0], /a connection to .* was refused: sockets of host services/);
      }
    }
  }
});

test('of sockets that are not there, or the run\'s own, nothing is said', async (t) => {
  const folder = workspace();
  const socket = path.join(folder, 'granted');
  await service(t, socket);
  const box = sandbox(t, { profile: new SecurityProfile('workspace-net', { unixSockets: [socket] }), workspace: folder });
  for (const name of [socket, '/run/none/at-all', '/tmp/none', 'none', '/run/nscd/socket', '/dev/log', '/etc/hosts']) {
    assert.deepEqual((await box.exec(PROBE, ['unix', name])).denials, [], name);
  }
  const own = await sh(box, `"${PROBE}" serve-unix own stream & until "${PROBE}" unix own; do sleep 0.1; done; "${PROBE}" tcp 127.0.0.1 1; kill %1`);
  assert.deepEqual(own.denials, []);
});
