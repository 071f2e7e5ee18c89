// All that a release is made of has one version, and the package asks for exactly that of every platform.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PACKAGE } from './support/places.mjs';

const read = (...names) => readFileSync(path.join(PACKAGE, ...names), 'utf8');
const root = JSON.parse(read('package.json'));
const platforms = readdirSync(path.join(PACKAGE, 'npm'));

test('every platform has a package of the same version', () => {
  assert.deepEqual(root.optionalDependencies, Object.fromEntries(platforms.map((name) => [`@openai/codex-${name}`, root.version])));
  for (const platform of platforms) {
    const { name, version, os, cpu } = JSON.parse(read('npm', platform, 'package.json'));
    assert.deepEqual([name, version, `${os}-${cpu}`], [`@openai/codex-${platform}`, root.version, platform]);
  }
});

test('nothing runs at install', () => {
  for (const manifest of [root, ...platforms.map((platform) => JSON.parse(read('npm', platform, 'package.json')))]) {
    assert.deepEqual(Object.keys(manifest.scripts ?? {}).filter((name) => /install|prepare/.test(name)), []);
  }
});

test('the loader knows them all', () => {
  for (const platform of platforms) assert.ok(read('native.js').includes(`'${platform}'`), platform);
});
