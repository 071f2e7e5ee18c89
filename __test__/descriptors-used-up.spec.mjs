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

/** The same with the functions of Node's module, each in a place of its own. */
const AS_NODE = `
  const { closeSync, openSync } = require('node:fs');
  const { once } = require('node:events');
  const { text } = require('node:stream/consumers');
  const take = () => {
    const taken = [];
    for (;;) try { taken.push(openSync('/dev/null')); } catch { return taken; }
  };
  (async () => {
    const cp = new codex.Sandbox({ workspace: facts.workspace }).childProcess();
    await once(cp.spawn('true', { cwd: facts.workspace }), 'close');
    const taken = take();
    taken.splice(0, facts.left).forEach((descriptor) => closeSync(descriptor));
    const sync = cp.spawnSync('true', { cwd: facts.workspace });
    const child = cp.spawn('true', { cwd: facts.workspace });
    // What the process that stands for the run hands over, there is no room for.
    const rest = take();
    const told = await new Promise((resolve) => {
      child.on('error', ({ code, syscall }) => resolve([code, syscall]));
      child.on('exit', async (code) => resolve(code === 0 ? [0] : [code, await text(child.stderr)]));
    });
    [...taken, ...rest].forEach((descriptor) => closeSync(descriptor));
    const later = cp.spawnSync('true', { cwd: facts.workspace });
    console.log(JSON.stringify([sync.status ?? sync.error?.code, sync.error?.syscall ?? '', told, later.status]));
    process.exit();
  })();`;

const NO_ROOM = /^codex: .*: Too many open files \(os error 24\)\n$/;

for (let left = 0; left <= 20; left += 2) {
  test(`as Node tells it, with ${left} left`, async () => {
    const child = script(AS_NODE, { left, workspace: workspace() });
    const [sync, syscall, [code, message], later] = await answer(['bash', '-c', 'ulimit -n 128 && exec "$@"', 'bash', ...child]);
    assert.ok([0, 125].includes(sync) || (sync === 'EMFILE' && syscall === 'spawnSync true'), `${sync} ${syscall}`);
    if (code === 125) assert.match(message, NO_ROOM);
    else assert.ok(code === 0 || (code === 'EMFILE' && message === 'spawn true'), `${code} ${message}`);
    assert.equal(later, 0);
  });
}
