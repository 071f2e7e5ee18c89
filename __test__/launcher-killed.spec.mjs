// When somebody kills the launcher, its runs end with a typed error, and the next command finds a new one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodexError, Sandbox } from '../index.js';
import { workspace } from './support/places.mjs';
import { ended, gone, launchers, started, unusualSleep } from './support/processes.mjs';

for (const profile of ['workspace-write', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const seconds = unusualSleep();
    const before = new Set(launchers());
    const box = new Sandbox({ profile, workspace: workspace() });
    t.after(() => box.close());
    const run = box.exec('sleep', [seconds]);
    const settled = assert.rejects(run, (error) => error instanceof CodexError && error.code === 'SandboxUnavailable' && /ended/.test(error.message));
    await started(`sleep ${seconds}`);
    const [launcher] = launchers().filter((pid) => !before.has(pid));
    process.kill(launcher, 'SIGKILL');
    await settled;
    await gone(`sleep ${seconds}`);
    assert.equal((await box.exec('echo', ['again'])).stdout, 'again\n');
    assert.equal(box.execSync('echo', ['sync']).stdout, 'sync\n');
  });
}

test('between two commands', async (t) => {
  const before = new Set(launchers());
  const mine = () => launchers().filter((pid) => !before.has(pid));
  const box = new Sandbox({ workspace: workspace() });
  t.after(() => box.close());
  for (let round = 0; round < 10; round++) {
    await box.exec('echo', [`${round}`]).then(
      ({ stdout }) => assert.equal(stdout, `${round}\n`),
      // One that was handed over just before the news: it is said, and it is not run twice.
      (error) => assert.equal(error.code, 'SandboxUnavailable'),
    );
    const killed = mine();
    killed.forEach((pid) => process.kill(pid, 'SIGKILL'));
    // One that is asked for before the news has come may be lost with the launcher. It must be said, and never hang.
    const [atOnce] = await Promise.allSettled([box.exec('echo', ['at once'])]);
    if (atOnce.status === 'fulfilled') assert.equal(atOnce.value.stdout, 'at once\n');
    else assert.equal(atOnce.reason.code, 'SandboxUnavailable');
    await Promise.all(killed.map(ended));
  }
});
