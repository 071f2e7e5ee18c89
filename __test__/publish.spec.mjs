// `scripts/publish.mjs` against a registry of this process.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, beforeEach, test } from 'node:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { run } from './support/node.mjs';
import { PACKAGE, workspace } from './support/places.mjs';

const PLATFORMS = ['codex-linux-x64'];

let published;
let refused;
const server = createServer((request, response) => answer(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = `127.0.0.1:${server.address().port}`;
after(() => server.close());
beforeEach(() => {
  published = new Map();
  refused = new Set();
});

test('the root package is published last; another time goes on where one failed, and replaces nothing', async () => {
  const folder = packed({ version: '1.0.0-beta.1' });
  refused.add('@openai/codex');
  assert.notEqual((await publish(folder, '1.0.0-beta.1')).exitCode, 0);
  assert.deepEqual([...published.keys()], PLATFORMS.map((name) => `@openai/${name}`));
  refused.clear();
  const before = JSON.stringify([...published]);
  const again = await publish(folder, '1.0.0-beta.1');
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stdout, /@openai\/codex-linux-x64@1\.0\.0-beta\.1 is there already/);
  assert.deepEqual(published.get('@openai/codex')['dist-tags'], { beta: '1.0.0-beta.1' }, 'what comes before a release is not the latest');
  published.delete('@openai/codex');
  assert.equal(JSON.stringify([...published]), before);
  const { exitCode, stderr } = await publish(packed({ version: '1.0.0-beta.1', description: 'changed' }), '1.0.0-beta.1');
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /was published with other content/);
  assert.equal(JSON.stringify([...published]), before);
});

test('a registry that fails is not one without the package', async () => {
  published.set('@openai/codex-linux-x64', 'broken');
  const { exitCode, stderr } = await publish(packed(), '1.0.0');
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /nobody says whether/);
  assert.equal(published.size, 1);
});

test('nothing is published unless all is there, of the version that is wanted', async () => {
  for (const [folder, version, problem] of [
    [packed({ without: 'codex-linux-x64' }), '1.0.0', /@openai\/codex-linux-x64 is missing/],
    [packed(), '1.0.1', /is version 1\.0\.0/],
    [packed({ named: '0.9.0' }), '1.0.0', /version 0\.9\.0 of @openai\/codex-linux-x64 is named/],
  ]) {
    const { exitCode, stderr } = await publish(folder, version);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, problem);
  }
  assert.equal(published.size, 0);
});

/** A folder of tarballs. */
function packed({ version = '1.0.0', named = version, without, description = '' } = {}) {
  const folder = workspace();
  const manifests = PLATFORMS.filter((name) => name !== without).map((name) => ({ name: `@openai/${name}`, version, description }));
  manifests.push({
    name: '@openai/codex', version, description, optionalDependencies: Object.fromEntries(PLATFORMS.map((name) => [`@openai/${name}`, named])),
  });
  for (const manifest of manifests) {
    const inside = path.join(folder, 'package');
    mkdirSync(inside);
    writeFileSync(path.join(inside, 'package.json'), JSON.stringify(manifest));
    const file = path.join(folder, `${manifest.name.split('/')[1]}.tgz`);
    assert.equal(spawnSync('tar', ['-czf', file, '-C', folder, 'package']).status, 0);
    rmSync(inside, { recursive: true });
  }
  return folder;
}

function publish(folder, version) {
  const home = workspace();
  const settings = path.join(home, 'npmrc');
  writeFileSync(settings, `registry=http://${address}/\n//${address}/:_authToken=token\ncache=${path.join(home, 'cache')}\nfetch-retries=0\nupdate-notifier=false\n`);
  const env = { PATH: process.env.PATH, HOME: home, npm_config_userconfig: settings };
  return run([process.execPath, path.join(PACKAGE, 'scripts', 'publish.mjs'), folder, version], { env, cwd: home });
}

function answer(request, response) {
  const name = decodeURIComponent(request.url.slice(1).split('?')[0]);
  const end = (status, body) => {
    response.statusCode = status;
    response.end(JSON.stringify(body));
  };
  if (request.method === 'GET') {
    const found = published.get(name);
    if (found === 'broken') return end(500, { error: 'broken' });
    return found ? end(200, found) : end(404, { error: 'not found' });
  }
  let body = '';
  request.on('data', (data) => { body += data; });
  request.on('end', () => {
    if (refused.has(name)) return end(503, { error: 'not now' });
    const { _attachments, ...document } = JSON.parse(body);
    published.set(name, document);
    end(201, {});
  });
}
