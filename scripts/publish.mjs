// Publishes tarballs: `node scripts/publish.mjs FOLDER VERSION`. Those of the platforms first, so that whoever installs the
// package finds them. What is published already is left as it is if it is the same, so that a release that broke off can be
// started again.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from './build.mjs';
import { PLATFORMS } from './build-all/rows.mjs';

const [, , folder, version] = process.argv;
const NAME = '@openai/codex';
const names = [...PLATFORMS.map((platform) => `${NAME}-${platform}`), NAME];
const packages = readdirSync(folder).filter((file) => file.endsWith('.tgz')).map((file) => read(path.join(folder, file)));

for (const name of names) {
  const found = packages.filter((tarball) => tarball.name === name);
  if (found.length !== 1) throw new Error(`there are ${found.length} tarballs of ${name} in ${folder}, not one`);
  if (found[0].version !== version) throw new Error(`${found[0].file} is version ${found[0].version}, not ${version}`);
}
// Nothing is published before all is there.
for (const name of names) publish(packages.find((tarball) => tarball.name === name));

function read(file) {
  const { status, stdout } = spawnSync('tar', ['-xzOf', file, 'package/package.json'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} has no package.json`);
  const { name, version: packed } = JSON.parse(stdout);
  return { file, name, version: packed, integrity: `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}` };
}

function publish({ file, name, integrity }) {
  const published = integrityOf(`${name}@${version}`);
  if (published === undefined) {
    // A version such as 1.0.0-rc.1 must not become what everybody gets.
    const tag = /-(\w+)/.exec(version)?.[1] ?? 'latest';
    run('npm', ['publish', path.resolve(file), '--access', 'public', '--provenance', '--tag', tag]);
  } else if (published === integrity) {
    console.log(`${name}@${version} is published already`);
  } else {
    throw new Error(`${name}@${version} is published already, with other content; give the release a new version`);
  }
}

/** What the registry has under a name and version; undefined where it has nothing. Anything else that fails ends this. */
function integrityOf(specifier) {
  const { stdout } = spawnSync('npm', ['view', specifier, 'dist.integrity', '--json'], { encoding: 'utf8' });
  const answer = stdout.trim() === '' ? undefined : JSON.parse(stdout);
  if (answer?.error && answer.error.code !== 'E404') throw new Error(`${specifier}: ${answer.error.summary}`);
  return answer?.error ? undefined : answer;
}
