// What `denyRead` names can't be read, changed or found again under another name, and the host keeps it.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../index.js';
import { outside, snapshot, workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const SECRET = 'the secret content';

for (const profile of RESTRICTED) {
  for (const place of ['inside', 'outside']) {
    test(`a file and a folder ${place} the workspace, under ${profile}`, async (t) => {
      const folder = workspace();
      const base = place === 'inside' ? folder : outside();
      const [file, directory] = [path.join(base, 'secret.txt'), path.join(base, 'secrets')];
      writeFileSync(file, SECRET);
      mkdirSync(directory);
      writeFileSync(path.join(directory, 'inner'), SECRET);
      symlinkSync(file, path.join(base, 'link'));
      writeFileSync(path.join(base, 'open'), 'no secret');
      const before = snapshot(base);
      const box = sandbox(t, { profile: SecurityProfile.named(profile, { denyRead: [file, directory] }), workspace: folder });
      for (const script of [
        `cat ${file}`, `cat ${base}/link`, `cat ${directory}/inner`, `cat /proc/self/root${file}`, `cd ${directory} && cat inner`,
        `cat ${base}/../${path.basename(base)}/secret.txt`, `cp ${file} /tmp/copy && cat /tmp/copy`, `ls ${directory} | grep .`,
        `ln ${file} ${base}/hard && cat ${base}/hard`, `mv ${file} ${base}/moved && cat ${base}/moved`,
        `"${PROBE}" call 82 s:${directory} s:${base}/moved | grep -qx 0`, `umount ${file} && cat ${file}`, `rm -rf ${directory}`,
        `chmod 777 ${file} && cat ${file}`, `echo x > ${file}`, `echo x > ${directory}/new`,
      ]) {
        const result = await sh(box, script);
        assert.doesNotMatch(result.stdout + result.stderr, new RegExp(SECRET), script);
        assert.notEqual(result.exitCode, 0, script);
        assert.equal(snapshot(base), before, script);
      }
      assert.equal((await sh(box, `cat ${base}/open`)).stdout, 'no secret');
    });
  }
}

test('a relative one is below the workspace', async (t) => {
  const folder = workspace();
  writeFileSync(path.join(folder, 'secret'), SECRET);
  const box = sandbox(t, { profile: SecurityProfile.named('workspace-write', { denyRead: ['secret'] }), workspace: folder });
  assert.notEqual((await sh(box, 'cat secret')).exitCode, 0);
});

test('one given by a symlink hides what the link points to', async (t) => {
  const [folder, base] = [workspace(), outside()];
  writeFileSync(path.join(base, 'real'), SECRET);
  symlinkSync(path.join(base, 'real'), path.join(folder, 'link'));
  const box = sandbox(t, { profile: SecurityProfile.named('workspace-write', { denyRead: ['link'] }), workspace: folder });
  for (const file of ['link', path.join(base, 'real')]) assert.notEqual((await sh(box, `cat ${file}`)).exitCode, 0, file);
});

test('one that does not exist yet is said to be unenforced', async (t) => {
  const box = sandbox(t, { profile: SecurityProfile.named('offline', { denyRead: ['later'] }), workspace: workspace() });
  const { enforcement } = await sh(box, 'true');
  assert.ok(enforcement.unenforced.some(({ promise }) => promise === 'deny-read'));
});

test('patterns: what they match is hidden, whatever profile, and all else is not', async (t) => {
  for (const profile of RESTRICTED) {
    const [folder, base] = [workspace(), outside()];
    const files = ['.env', 'a/.env', 'a/b/.env.local', 'a/key.pem', 'key.pem', 'a/.envoy', 'private-1/deep/file', '[id].txt', 'i.txt', 'notes'];
    for (const directory of [folder, base]) {
      for (const file of files) {
        mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
        writeFileSync(path.join(directory, file), SECRET);
      }
    }
    symlinkSync(base, path.join(folder, 'elsewhere'));
    const before = snapshot(folder) + snapshot(base);
    const denyRead = ['**/.env', '**/.env.*', '*.pem', 'private-?', '[id].txt', `${base}/{notes,a/*.pem}`];
    const box = sandbox(t, { profile: SecurityProfile.named(profile, { denyRead }), workspace: folder });
    const readable = async (directory) => {
      const results = await Promise.all(files.map(async (file) => [file, await box.exec('cat', [path.join(directory, file)])]));
      return results.filter(([, { exitCode }]) => exitCode === 0).map(([file]) => file);
    };
    assert.deepEqual(await readable(folder), ['a/key.pem', 'a/.envoy', 'notes'], profile);
    assert.deepEqual(await readable(base), files.filter((file) => !['notes', 'a/key.pem'].includes(file)), 'a link is not followed');
    assert.equal(snapshot(folder) + snapshot(base), before);
    const { enforcement } = await box.exec('true');
    assert.ok(enforcement.unenforced.some(({ promise, reason }) => promise === 'deny-read' && /appears later/.test(reason)));
  }
});

test('patterns are explained', () => {
  const profile = SecurityProfile.named('offline', { denyRead: ['**/.env'] });
  const folder = workspace();
  assert.deepEqual(['.env', 'a/b/.env', 'a/.env/c', 'a.env'].map((read) => profile.explain({ read }, folder).allowed), [false, false, false, true]);
  assert.match(profile.explain({ read: 'a/.env' }, folder).reason, /\*\*\/\.env/);
  assert.throws(() => profile.toSandboxPolicy(folder), /denyRead/);
});

test('patterns that are broken, that hide the workspace or that match too much are refused', async (t) => {
  for (const pattern of ['a[', '{a', '*/../x']) {
    assert.throws(() => SecurityProfile.named('offline', { denyRead: [pattern] }), { code: 'ProfileError', message: /denyRead\[0\].*pattern/ });
  }
  const folder = workspace();
  const hiding = sandbox(t, { profile: SecurityProfile.named('offline', { denyRead: [`${path.dirname(folder)}/workspace-*`] }), workspace: folder });
  await assert.rejects(hiding.exec('true'), { code: 'SandboxUnavailable', message: /must read/ });
  for (let number = 0; number <= 1000; number++) writeFileSync(path.join(folder, `file-${number}`), '');
  const many = sandbox(t, { profile: SecurityProfile.named('offline', { denyRead: ['file-*'] }), workspace: folder });
  await assert.rejects(many.exec('true'), { code: 'SandboxUnavailable', message: /more than 1000/ });
});
