// What others packed can be unpacked, whoever owned it and whoever unpacks it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

/** A workspace with an archive whose file belongs to somebody else. */
function withArchive() {
  const folder = workspace();
  writeFileSync(path.join(folder, 'file'), 'content');
  execFileSync('tar', ['--owner=1001', '--group=1001', '-cf', 'archive.tar', 'file'], { cwd: folder });
  return folder;
}

test('by tar', async (t) => {
  const folder = withArchive();
  const { exitCode, stderr } = await sandbox(t, { profile: 'workspace-write', workspace: folder }).exec('sh', ['-c', 'mkdir there && tar -xf archive.tar -C there']);
  assert.equal(exitCode, 0, stderr);
  const file = path.join(folder, 'there', 'file');
  assert.equal(readFileSync(file, 'utf8'), 'content');
  assert.equal(statSync(file).uid, process.getuid());
});

test('an option that is set for tar stays', async (t) => {
  const box = sandbox(t, { profile: 'workspace-write', workspace: withArchive() });
  const { stdout } = await box.exec('sh', ['-c', 'echo $TAR_OPTIONS'], { env: { PATH: process.env.PATH, TAR_OPTIONS: '--numeric-owner' } });
  assert.equal(stdout, '--numeric-owner\n');
});
