// Every worker thread has sandboxes of its own, and its own `process.env` is what its runs see.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { PACKAGE, outside, snapshot, workspace } from './support/places.mjs';
import { gone, launchers, leftovers, started, unusualSleep } from './support/processes.mjs';
import { until } from './support/until.mjs';

function worker(source, facts, options) {
  const prelude = `const codex = require(${JSON.stringify(path.join(PACKAGE, 'index.js'))});
    const { workerData: facts, parentPort } = require('node:worker_threads');`;
  return new Worker(`${prelude}\n(async () => {${source}})();`, { eval: true, workerData: facts, ...options });
}

function answer(made) {
  return new Promise((resolve, reject) => made.once('message', resolve).once('error', reject));
}

test('four at once, each with another policy', async () => {
  const forbidden = outside();
  const before = snapshot(forbidden);
  const folders = Array.from({ length: 4 }, () => workspace());
  const answers = await Promise.all(folders.map((folder, index) => answer(worker(`
    const box = new codex.Sandbox({ profile: 'workspace-write', workspace: facts.folder });
    const outputs = [];
    for (let round = 0; round < 25; round++) {
      const { stdout } = await box.exec('sh', ['-c', 'echo ' + facts.index + ' > mine; for other in ' + facts.others.join(' ') + '; do echo ' + facts.index + ' > $other/mine; done; pwd']);
      outputs.push(stdout);
    }
    await box.close();
    parentPort.postMessage(outputs);`, { folder, index, others: [...folders.filter((other) => other !== folder), forbidden] }))));
  answers.forEach((outputs, index) => assert.deepEqual(new Set(outputs), new Set([`${folders[index]}\n`])));
  folders.forEach((folder, index) => assert.equal(readFileSync(path.join(folder, 'mine'), 'utf8'), `${index}\n`));
  assert.equal(snapshot(forbidden), before);
});

test('a worker with an environment of its own', async () => {
  process.env.CODEX_SPEC = 'of the main thread';
  const source = `
    process.env.CODEX_SPEC_WORKER = 'set in the worker';
    const script = 'echo "\${CODEX_SPEC-absent},\${CODEX_SPEC_WORKER-absent},\${FOO_TOKEN-absent},\${GIVEN-absent}"';
    const box = new codex.Sandbox({ workspace: facts.folder });
    parentPort.postMessage([
      (await box.exec('sh', ['-c', script])).stdout,
      box.execSync('sh', ['-c', script]).stdout,
      (await codex.exec('sh', ['-c', script], { workspace: facts.folder, env: { ...process.env, GIVEN: 'x' } })).stdout,
    ]);
    await box.close();`;
  const facts = { folder: workspace() };
  assert.deepEqual(await answer(worker(source, facts, { env: { PATH: process.env.PATH, FOO_TOKEN: 'secret' } })), [
    'absent,set in the worker,absent,absent\n', 'absent,set in the worker,absent,absent\n', 'absent,set in the worker,absent,x\n']);
  assert.deepEqual(await answer(worker(source, facts)), [
    'of the main thread,set in the worker,absent,absent\n', 'of the main thread,set in the worker,absent,absent\n', 'of the main thread,set in the worker,absent,x\n']);
  assert.equal(process.env.CODEX_SPEC_WORKER, undefined);
});

for (const main of ['does not use the package', 'uses it, too']) {
  test(`a worker that is ended leaves nothing, where the main thread ${main}`, async () => {
    if (main === 'uses it, too') await import('../index.js');
    const seconds = unusualSleep();
    const before = launchers().length;
    const made = worker(`
      const box = new codex.Sandbox({ workspace: facts.folder });
      box.exec('sleep', [facts.seconds]);
      box.spawn('sleep', [facts.seconds]);
      new codex.Sandbox({ profile: 'trusted' }).exec('sleep', [facts.seconds]);
      await new Promise((resolve) => setTimeout(resolve, 60_000));`, { folder: workspace(), seconds });
    await until(() => leftovers(`sleep ${seconds}`).length === 3, 'its commands');
    await made.terminate();
    await gone(`sleep ${seconds}`);
    await until(() => launchers().length <= before, 'the end of its launchers');
  });
}

test('the end of what a worker leaves is in the audit log', async () => {
  await import('../index.js');
  const facts = { folder: workspace(), seconds: unusualSleep(), log: path.join(outside(), 'audit.jsonl') };
  const made = worker(`
    const audit = await codex.AuditLog.open(facts.log);
    new codex.Sandbox({ workspace: facts.folder, audit }).exec('sleep', [facts.seconds]);
    await new Promise((resolve) => setTimeout(resolve, 60_000));`, facts);
  await started(`sleep ${facts.seconds}`);
  await made.terminate();
  const records = () => readFileSync(facts.log, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  await until(() => records().some(({ event }) => event === 'exec.exit'), 'the record of its end');
  assert.equal(records().find(({ event }) => event === 'exec.exit').signal, '9');
});

test('a worker that ends by itself waits for its command', async () => {
  const made = worker("codex.exec('echo', ['done'], { workspace: facts.folder }).then(({ stdout }) => parentPort.postMessage(stdout));", { folder: workspace() });
  const exited = new Promise((resolve) => made.once('exit', resolve));
  assert.equal(await answer(made), 'done\n');
  assert.equal(await exited, 0);
});

test('a worker that is ended while it starts a process holds up nobody', async () => {
  const { Sandbox } = await import('../index.js');
  const folder = workspace();
  const made = worker(`
    const { ChildProcess } = require('node:child_process');
    ChildProcess.prototype.spawn = () => process.exit();
    new codex.Sandbox({ workspace: facts.folder }).childProcess().spawn('true', { cwd: facts.folder });`, { folder });
  await once(made, 'exit');
  const box = new Sandbox({ workspace: folder });
  assert.equal((await box.exec('echo', ['fine'])).stdout, 'fine\n');
  await box.close();
});
