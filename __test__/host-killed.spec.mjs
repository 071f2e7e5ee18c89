// When Node is killed, so is everything that runs in its sandboxes.
import { test } from 'node:test';
import { script, start } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { ended, gone, launchers, started, unusualSleep } from './support/processes.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const facts = { seconds: unusualSleep(), daemon: unusualSleep(), folder: workspace(), profile };
    const child = start(script(`
      codex.exec('sh', ['-c', 'setsid sleep ' + facts.daemon + ' & sleep ' + facts.seconds], { profile: facts.profile, workspace: facts.folder });`, facts));
    t.after(() => child.kill('SIGKILL'));
    await started(`sleep ${facts.seconds}`);
    await started(`sleep ${facts.daemon}`);
    const [launcher] = launchers(child.pid);
    child.kill('SIGKILL');
    await gone(`sleep ${facts.seconds}`);
    await gone(`sleep ${facts.daemon}`);
    await ended(launcher);
  });
}
