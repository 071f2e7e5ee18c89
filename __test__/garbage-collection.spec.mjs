// A sandbox that nobody refers to any more is ended; one with a command under way is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { script, start } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { ended, gone, launchers, started, unusualSleep } from './support/processes.mjs';
import { until } from './support/until.mjs';

test('its launcher is gone after a collection', async (t) => {
  const child = start(script(`
    (async () => {
      await (async () => new codex.Sandbox({ workspace: facts.folder }).exec('true'))();
      console.log('used');
      setInterval(() => gc(), 20);
    })();`, { folder: workspace() }, ['--expose-gc']));
  t.after(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await until(() => launchers(child.pid).length === 0, 'the end of the launcher');
  assert.equal(child.exitCode, null);
});

test('a command under way keeps it', async (t) => {
  const facts = { seconds: unusualSleep(), folder: workspace() };
  const child = start(script(`
    new codex.Sandbox({ profile: 'workspace-write', workspace: facts.folder })
      .exec('sh', ['-c', 'until test -e go; do sleep 0.02; done; echo done; exec sleep ' + facts.seconds], { timeout: 1500 })
      .then(({ stdout, timedOut }) => { console.log(stdout.trim(), timedOut); process.exit(); });
    let collections = 0;
    const timer = setInterval(() => {
      gc();
      if (++collections === 20) require('fs').writeFileSync(facts.folder + '/go', '');
    }, 10);`, facts, ['--expose-gc']));
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  await started(`sleep ${facts.seconds}`);
  const [launcher] = launchers(child.pid);
  await until(() => child.exitCode !== null, 'the end of the process');
  await until(() => output !== '', 'the output');
  assert.equal(output, 'done true\n');
  await gone(`sleep ${facts.seconds}`);
  await ended(launcher);
});
