// A run can't use up what its user may have of watches of files: the programs of the host need some, and other sandboxes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

const TAKE_ALL = `
import ctypes, os, time
libc = ctypes.CDLL(None)
instances = []
while len(instances) < 10000 and (made := libc.inotify_init1(0)) >= 0: instances.append(made)
open('taken', 'w').write(str(len(instances)))
while not os.path.exists('enough'): time.sleep(0.05)`;

test('the host still watches, and a second sandbox promises as much as ever', async (t) => {
  const folder = workspace();
  const running = sandbox(t, { profile: 'workspace-write', workspace: folder }).exec('python3', ['-c', TAKE_ALL]);
  const taken = path.join(folder, 'taken');
  await until(() => existsSync(taken) && readFileSync(taken, 'utf8') !== '');
  const allowed = Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8'));
  assert.ok(Number(readFileSync(taken, 'utf8')) <= allowed / 2);
  const watch = "require('node:fs').watch('.', { persistent: false }); process.stdout.write('true')";
  assert.equal(await answer(script(watch)), true);
  const { enforcement } = await sh(sandbox(t, { profile: 'workspace-write', workspace: workspace() }), 'true');
  assert.ok(!enforcement.unenforced.some(({ promise }) => promise === 'carve-outs'));
  await sh(sandbox(t, { profile: 'workspace-write', workspace: folder }), 'touch enough');
  assert.equal((await running).exitCode, 0);
});
