// However a process ends, what was acknowledged is in the log.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { AuditLog } from '../index.js';
import { lines, newLog } from './support/logs.mjs';
import { run, script, start } from './support/node.mjs';
import { PACKAGE, workspace } from './support/places.mjs';

const ENDINGS = {
  'process.exit': 'process.exit(0)',
  'an uncaught error': 'throw new Error("on purpose")',
  'SIGKILL': 'process.kill(process.pid, "SIGKILL")',
  'an abort': 'process.abort()',
};

async function sound(file) {
  const log = await AuditLog.open(file);
  const verdict = await log.verify();
  await log.close();
  assert.ok(verdict.ok, JSON.stringify(verdict));
}

for (const [how, source] of Object.entries(ENDINGS)) {
  test(`${how} right after an acknowledgement and a result`, async () => {
    const facts = { log: newLog(), folder: workspace() };
    const { stderr } = await run(script(`
      (async () => {
        const audit = await codex.AuditLog.open(facts.log);
        const box = new codex.Sandbox({ workspace: facts.folder, audit });
        await box.exec('echo', ['marker']);
        audit.logFileRead('/etc/last', 'allow');
        ${source};
      })();`, facts));
    const records = lines(facts.log);
    assert.ok(records.some((record) => record.event === 'exec.exit' && record.exit_code === 0), stderr);
    assert.ok(records.some((record) => record.path === '/etc/last'));
    await sound(facts.log);
  });
}

test('four worker threads write one log, in whole lines', async () => {
  const file = newLog();
  const prelude = `const codex = require(${JSON.stringify(path.join(PACKAGE, 'index.js'))}); const { workerData: facts } = require('node:worker_threads');`;
  const ended = Array.from({ length: 4 }, (_, index) => new Promise((resolve, reject) => new Worker(`${prelude}
    (async () => {
      const audit = await codex.AuditLog.open(facts.file);
      const box = new codex.Sandbox({ workspace: facts.folder, audit });
      for (let count = 0; count < 5; count++) await box.exec('echo', ['worker' + facts.index + '-' + count]);
      await box.close();
    })();`, { eval: true, workerData: { file, folder: workspace(), index } }).once('exit', resolve).once('error', reject)));
  assert.deepEqual(await Promise.all(ended), [0, 0, 0, 0]);
  const runs = lines(file).filter((record) => record.event === 'exec.decision').map((record) => record.argv[1]).sort();
  assert.equal(new Set(runs).size, 20);
  await sound(file);
});

test('eight processes write one log while it rotates, and some are killed', async () => {
  const file = newLog();
  const children = Array.from({ length: 8 }, (_, index) => start(script(`
    (async () => {
      const audit = await codex.AuditLog.open(facts.file, { maxBytes: 8192, maxFiles: 1000 });
      for (let count = 0; count < 100; count++) {
        audit.logFileRead('/etc/p' + facts.index + '-' + count, 'allow');
        process.stdout.write('/etc/p' + facts.index + '-' + count + '\\n');
        if (count % 10 === 9) await new Promise(setImmediate);
      }
      process.exit(0);
    })();`, { file, index })));
  const told = await Promise.all(children.map((child, index) => new Promise((resolve) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      if (index % 2 === 0 && text.length > 300) child.kill('SIGKILL');
    });
    child.on('close', () => resolve(text.split('\n').slice(0, -1)));
  })));
  const log = await AuditLog.open(file, { maxBytes: 8192, maxFiles: 1000 });
  const found = new Set();
  for await (const record of log.records({ where: 'event = file.read' })) found.add(record.path);
  const missing = told.flat().filter((path) => !found.has(path));
  assert.deepEqual(missing, []);
  assert.ok(told.flat().length >= 400, String(told.flat().length));
  await log.close();
  await sound(file);
  assert.ok(readFileSync(file).length > 0);
});
