// A workspace that is none, or isn't any more, is refused; a write never goes to another folder instead.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Sandbox, SecurityProfile, exec } from '../index.js';
import { PARENTS, outside, snapshot, workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const WRITE = { profile: 'workspace-write' };

test('missing, or a file', () => {
  const folder = workspace();
  writeFileSync(path.join(folder, 'file'), '');
  for (const profile of ['offline', 'workspace-write']) {
    for (const name of ['missing', 'file']) {
      const location = path.join(folder, name);
      assert.throws(() => new Sandbox({ profile, workspace: location }), (error) => {
        assert.equal(error.code, 'ProfileError');
        assert.ok(error.message.includes(location), error.message);
        return true;
      });
    }
  }
});

test('one-shot commands reject for it, and nothing else happens', async () => {
  await assert.rejects(exec('true', [], { ...WRITE, workspace: path.join(workspace(), 'missing') }), { code: 'ProfileError' });
});

test('the whole file system, or the home directory', () => {
  for (const location of ['/', '//', '/usr/..', os.homedir(), path.dirname(os.homedir())]) {
    for (const profile of ['workspace-write', 'workspace-net']) {
      assert.throws(() => new Sandbox({ profile, workspace: location }), { code: 'ProfileError' }, location);
    }
  }
  for (const location of ['/', '/./', '/usr/..']) {
    assert.throws(() => SecurityProfile.named('workspace-write', { writable: [location] }), { code: 'ProfileError', message: /writable/ });
  }
});

test('a directory of which every sandbox has its own', async (t) => {
  for (const location of ['/tmp', '/var/tmp', '/dev/shm', '/dev', '/run', '/tmp/../run/']) {
    const refused = { code: 'ProfileError', message: /every sandbox has its own; choose a folder in it/ };
    assert.throws(() => new Sandbox({ ...WRITE, workspace: location }), refused, location);
    const writable = SecurityProfile.named('workspace-write', { writable: [location] });
    assert.throws(() => new Sandbox({ profile: writable, workspace: workspace() }), refused, location);
    assert.equal((await sandbox(t, { workspace: location }).exec('pwd')).exitCode, 0);
  }
});

test('the whole file system may be read', async (t) => {
  assert.equal((await sandbox(t, { workspace: '/' }).exec('pwd')).stdout, '/\n');
});

for (const [where, parent] of Object.entries(PARENTS)) {
  test(`removed before the first command, ${where}`, async (t) => {
    const folder = workspace(parent);
    const box = sandbox(t, { ...WRITE, workspace: folder });
    rmdirSync(folder);
    await assert.rejects(box.exec('true'), { code: 'SandboxUnavailable', path: folder, message: /removed/ });
  });

  test(`replaced by a symlink before the first command, ${where}`, async (t) => {
    const [folder, target] = [workspace(parent), outside()];
    const before = snapshot(target);
    const box = sandbox(t, { ...WRITE, workspace: folder });
    rmdirSync(folder);
    symlinkSync(target, folder);
    t.after(() => unlinkSync(folder));
    await assert.rejects(sh(box, 'echo x > new'), { code: 'SandboxUnavailable', path: folder, message: /replaced/ });
    assert.equal(snapshot(target), before);
  });

  test(`replaced by another folder before the first command, ${where}`, async (t) => {
    const folder = workspace(parent);
    const box = sandbox(t, { ...WRITE, workspace: folder });
    rmdirSync(folder);
    mkdirSync(folder);
    const before = snapshot(folder);
    await assert.rejects(sh(box, 'echo x > new'), { code: 'SandboxUnavailable', path: folder, message: /replaced/ });
    assert.equal(snapshot(folder), before);
  });

  test(`removed, or replaced by another folder, between two commands, ${where}`, async (t) => {
    const folder = workspace(parent);
    const box = sandbox(t, { ...WRITE, workspace: folder });
    assert.equal((await sh(box, 'echo x > first')).exitCode, 0);
    renameSync(folder, `${folder}-moved`);
    t.after(() => renameSync(`${folder}-moved`, folder));
    await assert.rejects(sh(box, 'true'), { code: 'SandboxUnavailable', path: folder, message: /removed; make the sandbox again/ });
    mkdirSync(folder);
    for (const options of [{}, { cwd: '/' }]) {
      await assert.rejects(sh(box, 'echo x > new', options), { code: 'SandboxUnavailable', path: folder, message: /replaced/ });
    }
    rmdirSync(folder);
  });

  test(`replaced by a symlink between two commands, ${where}`, async (t) => {
    const [folder, target] = [workspace(parent), outside()];
    const before = snapshot(target);
    const box = sandbox(t, { ...WRITE, workspace: folder });
    assert.equal((await sh(box, 'echo x > first')).exitCode, 0);
    renameSync(folder, `${folder}-moved`);
    symlinkSync(target, folder);
    t.after(() => {
      unlinkSync(folder);
      renameSync(`${folder}-moved`, folder);
    });
    await sh(box, 'echo x > new; touch new').catch(() => {});
    await sh(box, `echo x > ${folder}/new; rm -rf ${folder}/*`).catch(() => {});
    assert.equal(snapshot(target), before);
  });
}

test('a part of its path replaced by a symlink before the first command', async (t) => {
  const parent = workspace();
  const target = outside();
  mkdirSync(path.join(target, 'inner'));
  mkdirSync(path.join(parent, 'part', 'inner'), { recursive: true });
  const before = snapshot(target);
  const box = sandbox(t, { ...WRITE, workspace: path.join(parent, 'part', 'inner') });
  renameSync(path.join(parent, 'part'), path.join(parent, 'moved'));
  symlinkSync(target, path.join(parent, 'part'));
  await assert.rejects(sh(box, 'echo x > new'), { code: 'SandboxUnavailable' });
  assert.equal(snapshot(target), before);
});

test('a writable folder that is missing or a file', async (t) => {
  const folder = workspace();
  writeFileSync(path.join(folder, 'file'), '');
  for (const name of ['missing', 'file']) {
    const profile = SecurityProfile.named('workspace-write', { writable: [path.join(folder, name)] });
    assert.throws(() => new Sandbox({ profile, workspace: folder }), { code: 'ProfileError', message: /writable\[0\]/ });
  }
  const extra = workspace();
  const box = sandbox(t, { profile: SecurityProfile.named('workspace-write', { writable: [extra] }), workspace: folder });
  rmdirSync(extra);
  await assert.rejects(box.exec('true'), { code: 'SandboxUnavailable', path: extra });
});

test('a device, or a folder of devices, as a grant', () => {
  const devices = readdirSync('/dev', { withFileTypes: true }).filter((entry) => entry.isCharacterDevice() || entry.isBlockDevice());
  const harmless = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
  const others = devices.map(({ name }) => name).filter((name) => !harmless.includes(name));
  assert.ok(others.length > 0);
  for (const name of others) {
    for (const key of ['readable', 'writable']) {
      const profile = SecurityProfile.named('workspace-write', { [key]: [`/dev/${name}`] });
      assert.throws(() => new Sandbox({ profile, workspace: workspace() }), { code: 'ProfileError', message: /device of the machine.*trusted/ });
    }
  }
});
