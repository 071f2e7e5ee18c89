// Profiles are read from TOML and JSON files; what is wrong is said with its place.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { SecurityProfile } from '../index.js';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const folder = workspace();

function file(name, content) {
  const location = path.join(folder, name);
  writeFileSync(location, content);
  return location;
}

const EXPECTED = { profile: 'workspace-write', denyRead: ['secrets'], environment: { set: { A: 'b' } } };

test('TOML and JSON are the same', async () => {
  const toml = file('a.toml', 'profile = "workspace"\ndenyRead = ["secrets"]\n[environment.set]\nA = "b"\n');
  const json = file('a.json', JSON.stringify(EXPECTED));
  for (const location of [toml, json, pathToFileURL(toml)]) assert.deepEqual((await SecurityProfile.load(location)).toJSON(), EXPECTED);
  assert.equal((await SecurityProfile.load(file('empty.toml', ''))).name, 'offline');
});

test('a profile from a file is enforced', async (t) => {
  const place = workspace();
  writeFileSync(path.join(place, 'secrets'), 'the secret content');
  const profile = await SecurityProfile.load(file('b.toml', 'profile = "workspace-write"\ndenyRead = ["secrets"]\n'));
  const result = await sh(sandbox(t, { profile, workspace: place }), 'cat secrets; echo x > made && echo made');
  assert.equal(result.stdout, 'made\n');
});

test('errors say where', async () => {
  for (const [name, content, message] of [
    ['unknown.toml', '\nwriteable = []\n', /line 2.*writeable/s], ['unknown.json', '{\n  "writeable": []\n}', /line 2.*writeable/s], ['broken.toml', 'profile = \n', /line 1/],
    ['broken.json', '{', /line 1/], ['name.toml', 'profile = "x"\n', /offline/], ['type.toml', 'writable = "x"\n', /line 1/], ['grant.toml', 'writable = ["/x"]\n', /writable/],
    ['twice.json', '{"profile": "offline", "profile": "trusted"}', /profile/],
  ]) {
    const location = file(name, content);
    await assert.rejects(SecurityProfile.load(location), (error) => {
      assert.equal(error.code, 'ProfileError', name);
      assert.match(error.message, message);
      assert.ok(error.message.includes(location), error.message);
      return true;
    });
  }
});

test('files that are none', async () => {
  await assert.rejects(SecurityProfile.load(path.join(folder, 'missing.toml')), { code: 'ProfileError', message: /missing\.toml/ });
  await assert.rejects(SecurityProfile.load(file('profile.yaml', '')), { code: 'ProfileError', message: /toml/ });
  await assert.rejects(SecurityProfile.load(file('large.toml', '#'.repeat((1 << 20) + 1))), { code: 'ProfileError', message: /larger/ });
  await assert.rejects(SecurityProfile.load(folder), { code: 'ProfileError' });
});
