// Where no app container can be made, best effort holds files by a restricted token, and says what it doesn't hold.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Sandbox } from '../../index.js';
import { folder, node, sandbox } from '../support/any-platform.mjs';
import { killedHost } from '../support/windows.mjs';

const CODEX = path.join(process.env.LOCALAPPDATA, 'codex');
/** Each app container has a folder of its own in it. */
const PACKAGES = path.join(process.env.LOCALAPPDATA, 'Packages');
const USER = spawnSync('whoami', ['/user', '/fo', 'csv', '/nh'], { encoding: 'utf8' }).stdout.match(/S-1-[\d-]+/)[0];

const WRITE = "require('node:fs').writeFileSync(process.argv[1], 'written')";
const READ = "process.stdout.write(require('node:fs').readFileSync(process.argv[1]))";

before(() => {
  icacls(PACKAGES, '/deny', `*${USER}:(AD)`);
  const container = Sandbox.capabilities().features.find(({ name }) => name === 'container');
  assert.equal(container.present, false, 'an app container could be made all the same: nothing here would be tried');
});
after(() => icacls(PACKAGES, '/remove:d', `*${USER}`));

function icacls(...args) {
  const { status, stdout, stderr } = spawnSync('icacls', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

const box = (t, options) => sandbox(t, { profile: 'workspace-write', enforcement: 'best-effort', ...options });

test('with enforcement required nothing runs, and the error says why and what to do', async (t) => {
  for (const profile of ['offline', 'workspace-write', 'workspace-net']) {
    const refused = sandbox(t, { profile, enforcement: 'required' });
    await assert.rejects(node(refused, '0'), (error) => error.code === 'SandboxUnavailable' && /best-effort/.test(error.message));
  }
  const { bestEffort, required } = Sandbox.capabilities();
  assert.deepEqual([bestEffort, required], [true, false]);
});

test('what holds a run is told, and that the network is open', async (t) => {
  for (const profile of ['offline', 'workspace-write', 'net-read-only']) {
    const { enforcement, exitCode, stderr } = await node(box(t, { profile }), '0');
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual([[...enforcement.filesystem], enforcement.network], [['restricted-token'], 'unfiltered']);
    const lacking = enforcement.unenforced.filter(({ cause }) => cause === 'machine').map(({ promise }) => promise);
    assert.ok(lacking.includes(profile === 'net-read-only' ? 'network-filter' : 'network'), lacking.join());
  }
  const server = net.createServer((socket) => socket.end());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const connect = "require('node:net').connect(+process.argv[1], '127.0.0.1', () => process.exit(0)).on('error', () => process.exit(9))";
  assert.equal((await node(box(t), connect, [String(server.address().port)])).exitCode, 0, 'then it must not be said to be open');
});

test('the workspace is written, what was there and what is new, and its private tmp', async (t) => {
  const workspace = folder();
  mkdirSync(path.join(workspace, 'deep', 'deeper'), { recursive: true });
  for (const name of ['before', 'deep/deeper/before']) writeFileSync(path.join(workspace, name), 'as it was');
  const one = box(t, { workspace });
  for (const name of ['before', 'deep/deeper/before', 'new', 'deep/new']) {
    const { exitCode, stderr } = await node(one, WRITE, [path.join(workspace, name)]);
    assert.equal(exitCode, 0, `${name}: ${stderr}`);
    assert.equal(readFileSync(path.join(workspace, name), 'utf8'), 'written');
  }
  const { stdout, exitCode, stderr } = await node(one, "const { tmpdir } = require('node:os'); require('node:fs').writeFileSync(tmpdir() + '/x', ''); console.log(tmpdir())");
  assert.equal(exitCode, 0, stderr);
  assert.ok(stdout.startsWith(path.join(CODEX, 'tmp')), stdout);
  await one.close();
  assert.equal(existsSync(stdout.trim()), false);
});

test('nothing else is written, not even where everybody may', async (t) => {
  const open = mkdtempSync(path.join(process.env.ProgramData, 'codex-test-'));
  t.after(() => rmSync(open, { recursive: true, force: true }));
  icacls(open, '/grant', '*S-1-1-0:(OI)(CI)F');
  const read = folder();
  writeFileSync(path.join(read, 'file'), 'as it was');
  const places = [open, folder(), os.homedir(), os.tmpdir(), process.env.PUBLIC, process.env.ProgramData, 'C:\\', `${process.env.SystemRoot}\\Temp`];
  for (const profile of ['offline', 'workspace-write']) {
    const one = box(t, { profile });
    for (const place of places) {
      const file = path.join(place, `codex-${process.pid}`);
      assert.notEqual((await node(one, WRITE, [file])).exitCode, 0, file);
      assert.equal(existsSync(file), false, file);
    }
    assert.notEqual((await node(one, WRITE, [path.join(read, 'file')])).exitCode, 0);
    assert.equal(readFileSync(path.join(read, 'file'), 'utf8'), 'as it was');
  }
});

test('what the user alone may read is not read, nor what denyRead names, in the workspace or elsewhere', async (t) => {
  const elsewhere = mkdtempSync(path.join(process.env.ProgramData, 'codex-test-'));
  t.after(() => rmSync(elsewhere, { recursive: true, force: true }));
  const workspace = folder();
  const files = { own: path.join(folder(), 'own'), inside: path.join(workspace, 'inside'), denied: path.join(elsewhere, 'denied'), open: path.join(elsewhere, 'open') };
  for (const file of Object.values(files)) writeFileSync(file, 'contents');
  const one = box(t, { workspace, denyRead: [files.inside, files.denied] });
  for (const name of ['own', 'inside', 'denied']) assert.doesNotMatch((await node(one, READ, [files[name]])).stdout, /contents/, name);
  // As the report says.
  assert.equal((await node(one, READ, [files.open])).stdout, 'contents');
});

test('processes outside are neither ended nor opened', async (t) => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  t.after(() => other.kill());
  await once(other, 'spawn');
  const kill = "try { process.kill(+process.argv[1]); console.log('signalled') } catch (error) { console.log(error.code) }";
  assert.doesNotMatch((await node(box(t), kill, [String(other.pid)])).stdout, /signalled/);
  assert.equal(other.exitCode, null);
});

test('access lists and labels are as they were when the sandbox is closed, also of what the run made', async (t) => {
  const workspace = folder();
  const file = path.join(workspace, 'file');
  writeFileSync(file, '');
  const seen = () => [workspace, file].map((place) => icacls(place));
  const before = seen();
  const [first, second] = [box(t, { workspace }), box(t, { workspace })];
  for (const one of [first, second]) assert.equal((await node(one, WRITE, [path.join(workspace, 'made')])).exitCode, 0);
  assert.match(icacls(workspace), /Low Mandatory Level/i);
  await first.close();
  // The other one goes on.
  assert.equal((await node(second, WRITE, [file])).exitCode, 0);
  await second.close();
  assert.deepEqual(seen(), before);
  assert.doesNotMatch(icacls(path.join(workspace, 'made')), /Mandatory|S-1-0-/);
});

test('what a killed process granted and labelled is taken back by the next sandbox', async (t) => {
  const workspace = folder();
  const before = icacls(workspace);
  const pid = await killedHost(workspace);
  assert.notEqual(icacls(workspace), before);
  await node(box(t, { profile: 'offline' }), '0');
  assert.equal(icacls(workspace), before);
  for (const kind of ['grants', 'tmp']) assert.equal(readdirSync(path.join(CODEX, kind)).filter((name) => name.includes(`.${pid}.`)).length, 0, kind);
});
