// What is in secrets and denied files stays closed, by each name, where the run may not write; names can be listed. Where it may
// write, what is denied can be read, and that is said.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { SecurityProfile } from '../../index.js';
import { answer, script } from '../support/node.mjs';
import { outside, snapshot, workspace } from '../support/places.mjs';
import { lacks } from '../support/lacks.mjs';
import { RESTRICTED, sandbox, sh } from '../support/sandbox.mjs';

const SECRET = 'the secret content';
const READ_ONLY = ['offline', 'net-read-only'];
const WRITING = ['workspace-write', 'workspace-net'];

/** A folder with something to hide in it, under several names, and something beside it. */
function fill(base) {
  const [file, directory] = [path.join(base, 'secret.txt'), path.join(base, 'secrets')];
  writeFileSync(file, SECRET);
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'inner'), SECRET);
  symlinkSync(file, path.join(base, 'link'));
  writeFileSync(path.join(base, 'open'), 'no secret');
  return [file, directory];
}

async function staysClosed(box, base) {
  const [file, directory] = [path.join(base, 'secret.txt'), path.join(base, 'secrets')];
  const before = snapshot(base);
  for (const attempt of [
    `cat ${file}`, `cat ${base}/link`, `cat ${directory}/inner`, `cat /proc/self/root${file}`, `cd ${directory} && cat inner`,
    `cat ${base}/../${path.basename(base)}/secret.txt`, `cp ${file} $TMPDIR/copy && cat $TMPDIR/copy`, `ln ${file} hard && cat hard`,
    `ln ${file} $TMPDIR/hard && cat $TMPDIR/hard`, `mv ${file} $TMPDIR/moved && cat $TMPDIR/moved`, `ln -s ${file} $TMPDIR/soft && cat $TMPDIR/soft`,
    `echo x > ${file}`, `rm -rf ${directory}`, `exec 3< ${file} && cat <&3`,
  ]) {
    const result = await sh(box, attempt);
    assert.doesNotMatch(result.stdout + result.stderr, new RegExp(SECRET), attempt);
    assert.notEqual(result.exitCode, 0, attempt);
    assert.equal(snapshot(base), before, attempt);
  }
  assert.equal((await sh(box, `cat ${base}/open`)).stdout, 'no secret');
  assert.equal((await sh(box, `ls ${directory}`)).stdout, 'inner\n', 'names are listed');
}

for (const profile of RESTRICTED) {
  test(`outside the workspace, under ${profile}`, async (t) => {
    const [base, folder] = [outside(), workspace()];
    const options = { profile: SecurityProfile.named(profile, { denyRead: fill(base) }), workspace: folder };
    await staysClosed(sandbox(t, options), base);
    await lacks('deny-read', options);
  });
}

for (const profile of READ_ONLY) {
  test(`in a workspace that is only read, by name and by pattern, under ${profile}`, async (t) => {
    for (const denyRead of [['secret.txt', 'secrets'], ['**/secret*']]) {
      const folder = workspace();
      fill(folder);
      const options = { profile: SecurityProfile.named(profile, { denyRead }), workspace: folder };
      await staysClosed(sandbox(t, options), folder);
      await lacks('deny-read', options);
    }
  });
}

for (const profile of WRITING) {
  test(`in a workspace that is written, under ${profile}`, async (t) => {
    for (const denyRead of [['secret.txt', 'secrets'], ['**/secret*']]) {
      const folder = workspace();
      fill(folder);
      const options = { profile: SecurityProfile.named(profile, { denyRead }), workspace: folder };
      const { stdout, enforcement } = await sh(sandbox(t, options), 'cat secret.txt');
      assert.equal(stdout, SECRET);
      assert.match(enforcement.unenforced.find(({ promise, cause }) => promise === 'deny-read' && cause === 'machine').reason, /can be written/);
      await lacks('deny-read', options);
    }
  });
}

for (const profile of RESTRICTED) {
  test(`secrets of the home, and grants in them, under ${profile}`, async () => {
    const home = outside();
    const files = ['.ssh/id_rsa', '.ssh/known_hosts', '.aws/credentials', '.config/gh/hosts.yml', '.netrc', '.npmrc', '.bash_history', '.gitconfig', '.config/other'];
    for (const file of files) {
      mkdirSync(path.dirname(path.join(home, file)), { recursive: true });
      writeFileSync(path.join(home, file), SECRET);
    }
    const outputs = await answer(script(`(async () => {
      const profile = codex.SecurityProfile.named(facts.profile, { readable: ['~/.ssh/known_hosts'] });
      const box = new codex.Sandbox({ profile, workspace: facts.workspace, enforcement: 'best-effort' });
      const outputs = [];
      for (const file of facts.files) outputs.push((await box.exec('cat', [process.env.HOME + '/' + file])).stdout);
      const { enforcement } = await box.exec('true');
      await box.close();
      return [...outputs, enforcement.unenforced.some(({ promise, cause }) => promise === 'secrets' && cause === 'machine')];
    })().then((result) => console.log(JSON.stringify(result)));`, { profile, workspace: workspace(), files }), { env: { ...process.env, HOME: home } });
    assert.deepEqual(outputs, ['', SECRET, '', '', '', '', '', SECRET, SECRET, true]);
  });
}
