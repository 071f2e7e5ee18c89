// Runs leave no descriptor, no process and no zombie in the process that asked for them.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sandbox } from '../index.js';
import { workspace } from './support/places.mjs';
import { children } from './support/processes.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

const descriptors = () => readdirSync('/proc/self/fd').length;
const zombies = () => children(process.pid).filter(({ state }) => state === 'Z');

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`500 runs in one sandbox, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const some = async (count) => {
      for (let done = 0; done < count; done += 10) {
        await Promise.all([
          ...Array.from({ length: 7 }, () => box.exec('true')),
          sh(box, 'echo out; echo err >&2; cat', { input: 'input' }),
          box.exec('no-such-program').catch(() => {}),
          box.exec('sleep', ['5'], { timeout: 1, killSignal: 'SIGKILL' }),
        ]);
      }
    };
    await some(50);
    // Each place in which runs are made has its socket here, and 16 are kept: more at once than that fill them all.
    await Promise.all(Array.from({ length: 24 }, () => box.exec('sleep', ['0.2'])));
    await sleep(200);
    const [before, processes] = [descriptors(), children(process.pid).length];
    await some(500);
    // The end of a place whose run was killed may be told a moment after the run's.
    await until(() => descriptors() <= before, `${before} descriptors again; there are ${descriptors()}`);
    assert.deepEqual(zombies(), []);
    assert.equal(children(process.pid).length, processes);
  });
}

test('50 closed sandboxes', async () => {
  const folder = workspace();
  const closed = [];
  const some = async (count) => {
    for (let done = 0; done < count; done++) {
      const box = new Sandbox({ profile: 'workspace-write', workspace: folder });
      await box.exec('true');
      await box.close();
      closed.push(box);
    }
  };
  await some(5);
  const [before, processes] = [descriptors(), children(process.pid).length];
  await some(50);
  assert.ok(descriptors() <= before, `${before} descriptors became ${descriptors()}`);
  assert.deepEqual(zombies(), []);
  assert.equal(children(process.pid).length, processes);
});
