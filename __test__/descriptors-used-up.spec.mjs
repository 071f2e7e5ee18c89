// A command for which this process has no descriptor left fails by itself: the others go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';

/** With `left` descriptors to be had, runs a command beside one that waits; then another, when there are some again. */
const SOURCE = `
  const { closeSync, openSync } = require('node:fs');
  const take = () => {
    const taken = [];
    for (;;) try { taken.push(openSync('/dev/null')); } catch { return taken; }
  };
  (async () => {
    const box = new codex.Sandbox({ workspace: facts.workspace });
    const waits = box.spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    waits.stdin.on('error', () => {});
    await new Promise((resolve) => waits.on('spawn', resolve));
    const taken = take();
    taken.splice(0, facts.left).forEach((descriptor) => closeSync(descriptor));
    const refused = await box.exec('true').then(({ exitCode }) => exitCode, ({ code }) => code);
    taken.forEach((descriptor) => closeSync(descriptor));
    waits.stdin.end();
    const { exitCode } = await waits;
    const later = await box.exec('true');
    await box.close();
    console.log(JSON.stringify([refused, exitCode, later.exitCode]));
  })();`;

for (let left = 0; left <= 6; left++) {
  test(`with ${left} left`, async () => {
    const child = script(SOURCE, { left, workspace: workspace() });
    const [refused, first, later] = await answer(['bash', '-c', 'ulimit -n 128 && exec "$@"', 'bash', ...child]);
    // Whether so many are enough is no matter here.
    assert.ok(refused === 'EMFILE' || refused === 0, String(refused));
    assert.deepEqual([first, later], [0, 0]);
  });
}
