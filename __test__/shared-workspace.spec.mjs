// Two sandboxes with one workspace: neither passes off to the other what its run made as the host's.
import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

const WRITE = { profile: 'workspace-write' };
const EVIL = 'mkdir -p .idea && echo evil > .idea/x && echo evil > .envrc';

test('what one makes for a while, when a run of the other begins', async (t) => {
  const folder = workspace();
  const at = (name) => path.join(folder, name);
  const [first, second] = [1, 2].map(() => sandbox(t, { ...WRITE, workspace: folder }));
  await Promise.all([first.exec('true'), second.exec('true')]);
  const making = sh(first, `${EVIL} && : > made; until [ -e gone ]; do sleep 0.05; done; rm -r .idea .envrc`);
  await until(() => existsSync(at('made')));
  const waiting = sh(second, `: > begun; until [ -e over ]; do sleep 0.05; done; ${EVIL}`);
  await until(() => existsSync(at('begun')));
  writeFileSync(at('gone'), '');
  await making;
  writeFileSync(at('over'), '');
  const { exitCode, denials } = await waiting;
  assert.deepEqual([exitCode, denials.map(({ path: file }) => path.relative(folder, file)).sort()], [0, ['.envrc', '.idea']]);
  assert.deepEqual(['.envrc', '.idea'].filter((name) => existsSync(at(name))), []);
});

test('what one makes and removes while the other is made', async (t) => {
  const folder = workspace();
  const flickering = sh(sandbox(t, { ...WRITE, workspace: folder }), 'until [ -e stop ]; do mkdir .idea; rmdir .idea; done 2> /dev/null');
  const boxes = [];
  for (let made = 0; made < 40; made++) {
    const box = sandbox(t, { ...WRITE, workspace: folder });
    await box.exec('true');
    boxes.push(box);
  }
  writeFileSync(path.join(folder, 'stop'), '');
  await flickering;
  rmSync(path.join(folder, '.idea'), { recursive: true, force: true });
  for (const box of boxes) {
    await sh(box, EVIL);
    assert.deepEqual(['.envrc', '.idea'].filter((name) => existsSync(path.join(folder, name))), []);
  }
});
