// Without overlays a cache is only read: tools that can't work so are told of one in the tmp.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer, script } from '../support/node.mjs';
import { outside, snapshot, workspace } from '../support/places.mjs';
import { environmentOf } from '../support/user.mjs';

test('npm packs, and the cache of the host stays as it is', async () => {
  const home = outside();
  for (const directory of ['.npm/_cacache', '.cache/go-build', '.cargo']) {
    mkdirSync(path.join(home, directory), { recursive: true });
    writeFileSync(path.join(home, directory, 'file'), 'of the host');
  }
  const before = snapshot(home);
  const command = `
    echo "\${npm_config_cache#$TMPDIR/} \${GOCACHE#$TMPDIR/} \${XDG_CACHE_HOME-none} \${CARGO_HOME-none}"; cat ~/.npm/_cacache/file; echo
    echo '{"name":"a","version":"1.0.0"}' > package.json && npm pack --silent --offline`;
  const [result, mine] = await answer(script(`(async () => {
    const box = new codex.Sandbox({ profile: 'workspace-write', workspace: facts.workspace });
    const { npm_config_cache, ...env } = process.env;
    const usual = { ...env, npm_config_cache: process.env.HOME + '/.npm' };
    const results = [await box.exec('sh', ['-c', facts.command], { env: usual }), await box.exec('sh', ['-c', 'echo $npm_config_cache'], { env: { ...env, npm_config_cache: '/mine' } })];
    await box.close();
    process.stdout.write(JSON.stringify(results));
  })();`, { command, workspace: workspace() }), { env: { ...environmentOf(home), npm_config_cache: path.join(home, '.npm') } });
  assert.equal(result.stdout, '.npm .cache/go-build none none\nof the host\na-1.0.0.tgz\n', result.stderr);
  assert.deepEqual(result.enforcement.caches, []);
  assert.equal(mine.stdout, '/mine\n', 'another place is meant');
  assert.equal(snapshot(home), before);
});
