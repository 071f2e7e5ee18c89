// A browser without a window works, and the user's own profile of it stays a secret.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { environmentOf } from './support/user.mjs';

const BROWSER = ['chromium', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0);
const PAGE = '<p id="a">plain</p><script>localStorage.a = 1; document.getElementById("a").textContent = "by script " + (1 + localStorage.a * 1)</script>';

/** What a shell prints for a user who has that home. */
async function shown(home, profile, overrides = {}, env = {}) {
  return answer(script(`(async () => {
    const { profile, overrides, workspace } = facts;
    const options = { profile: codex.SecurityProfile.named(profile, overrides), workspace };
    process.stdout.write(JSON.stringify((await codex.exec('sh', ['-c', 'echo $CHROME_CONFIG_HOME'], options)).stdout));
  })();`, { profile, overrides, workspace: workspace() }), { env: { ...environmentOf(home), ...env } });
}

test('it keeps its profile in the tmp, unless its own is granted', async () => {
  const home = outside();
  mkdirSync(path.join(home, '.config/chromium'), { recursive: true });
  for (const profile of ['offline', 'net-read-only', 'workspace-write', 'workspace-net']) assert.equal(await shown(home, profile), '/tmp/.config\n', profile);
  assert.equal(await shown(home, 'trusted'), '\n');
  assert.equal(await shown(home, 'offline', { readable: ['~/.config/chromium'] }), '\n');
  assert.equal(await shown(home, 'workspace-write', { writable: ['~/.config/chromium'] }), '\n');
  assert.equal(await shown(home, 'offline', {}, { CHROME_CONFIG_HOME: '/mine' }), '/mine\n');
});

test('it shows a page', { skip: BROWSER === undefined && 'no browser is here; on Debian: apt-get install chromium' }, async () => {
  const folder = outside();
  mkdirSync(path.join(folder, '.config/chromium'), { recursive: true });
  writeFileSync(path.join(folder, '.config/chromium/Cookies'), 'secret');
  const before = snapshot(folder);
  const inside = workspace();
  writeFileSync(path.join(inside, 'page.html'), PAGE);
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', 'file://' + path.join(inside, 'page.html')];
  for (const profile of ['offline', 'workspace-write']) {
    const { exitCode, stdout, stderr } = await answer(script(`(async () => {
      const { file, args, profile, workspace } = facts;
      process.stdout.write(JSON.stringify(await codex.exec(file, args, { profile, workspace, timeout: 60000 })));
    })();`, { file: BROWSER, args: flags, profile, workspace: inside }), { env: environmentOf(folder) });
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /by script 2/, stderr);
  }
  assert.equal(snapshot(folder), before);
});
