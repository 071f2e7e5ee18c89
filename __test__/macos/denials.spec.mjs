// On a Mac: what Seatbelt refuses is told, by the system's log and not by what a program prints.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test as declare } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Sandbox } from '../../index.js';
import { folder } from '../support/any-platform.mjs';

const test = (name, body) => declare(name, { skip: process.platform !== 'darwin' && 'it needs macOS' }, body);
const INDEX = fileURLToPath(new URL('../../index.js', import.meta.url));
/** macOS lets administrators alone read its log. */
const isAdministrator = process.platform === 'darwin' && execFileSync('id', ['-Gn'], { encoding: 'utf8' }).split(/\s/).includes('admin');

const sh = (box, script) => box.exec('/bin/sh', ['-c', script]);

/** A sandbox whose log is open. */
async function listening(t, options) {
  assert.ok(isAdministrator, 'run it as an administrator: nobody else may read the log');
  const box = new Sandbox({ profile: 'workspace-write', workspace: folder(), ...options });
  t.after(() => box.close());
  const wanted = options?.denials ?? 'full';
  for (let left = 200; (await sh(box, 'true')).enforcement.denials !== wanted; left -= 1) {
    assert.ok(left > 0, 'the log did not open');
    await sleep(25);
  }
  return box;
}

/** The processes that read the log for sandboxes. */
function readers() {
  return spawnSync('/usr/bin/pgrep', ['-f', '/usr/bin/log stream .*codex\\.'], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
}

test('a write, a start and a connection that were refused, with path, process, rule and grant', async (t) => {
  const outside = folder();
  const box = await listening(t, { profile: 'workspace-write' });
  const { denials, hints, enforcement } = await sh(box, `/usr/bin/touch '${outside}/x'; /usr/bin/nc -w 1 192.0.2.7 81 </dev/null; exit 7`);
  assert.equal(enforcement.denials, 'full');
  assert.ok(!existsSync(path.join(outside, 'x')));
  const write = denials.find(({ path: denied }) => denied === path.join(outside, 'x'));
  assert.deepEqual([write.kind, write.rule, write.program], ['write', 'outside-writable-roots', 'touch']);
  assert.ok(write.pid > 1 && write.syscall.startsWith('file-write') && /writable/.test(write.grant), JSON.stringify(write));
  const connect = denials.find(({ kind }) => kind === 'connect');
  assert.deepEqual([connect.rule, connect.program], ['no-network', 'nc']);
  assert.match(connect.address, /:81$/);
  assert.match(hints.join('\n'), /was refused/);
});

test('each run is told of its own, each thing once, whatever a path says', async (t) => {
  const outside = folder();
  const box = await listening(t);
  const told = [];
  const run = async (name) => {
    const { denials } = await sh(box, `for i in 1 2 3; do /usr/bin/touch '${outside}/${name}'; done; exit 1`);
    told.push(name);
    assert.deepEqual(denials.map((denial) => denial.path).filter((denied) => denied.startsWith(outside)), [path.join(outside, name)]);
  };
  await Promise.all(['a', 'b(1) deny(1) file-write-create ', 'c\nSandbox: x(1) deny(1) file-write-create ', 'ü'].map(run));
  assert.equal(told.length, 4);
});

test('connections alone, or nothing', async (t) => {
  const outside = folder();
  const script = `/usr/bin/touch '${outside}/x'; /usr/bin/nc -w 1 192.0.2.7 81 </dev/null; exit 7`;
  const network = await listening(t, { denials: 'network' });
  assert.deepEqual([...new Set((await sh(network, script)).denials.map(({ kind }) => kind))], ['connect']);
  const off = new Sandbox({ profile: 'workspace-write', workspace: folder(), denials: 'off' });
  t.after(() => off.close());
  const before = readers().length;
  const result = await sh(off, script);
  assert.deepEqual([result.denials, result.enforcement.denials, readers().length], [[], 'off', before]);
});

test('nobody reads the log when the sandbox is closed, nor when its process was killed', async (t) => {
  const before = readers();
  const box = await listening(t);
  assert.equal(readers().filter((pid) => !before.includes(pid)).length > 0, true);
  await box.close();
  await until(() => readers().every((pid) => before.includes(pid)));
  const script = `const { Sandbox } = require(${JSON.stringify(INDEX)});
    new Sandbox({ workspace: ${JSON.stringify(folder())} }).exec('/usr/bin/true').then(() => console.log('ran'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await until(() => readers().some((pid) => !before.includes(pid)));
  child.kill('SIGKILL');
  await once(child, 'exit');
  await until(() => readers().every((pid) => before.includes(pid)));
});

async function until(holds) {
  for (let left = 400; !holds(); left -= 1) {
    assert.ok(left > 0, 'it never came about');
    await sleep(25);
  }
}
