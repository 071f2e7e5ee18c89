// Brings the version of `package.json` to every other file that has it. `npm version` runs it before it commits.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, run } from './build.mjs';

const LOCK = 'package-lock.json';
const { version } = JSON.parse(read('package.json'));
const old = JSON.parse(read('npm/linux-x64/package.json')).version;
const manifests = readdirSync(path.join(root, 'npm')).map((platform) => path.posix.join('npm', platform, 'package.json'));

for (const file of manifests) replace(file, `"version": "${old}"`, `"version": "${version}"`);
replace('package.json', /("@openai\/codex-[\w-]+": )"[^"]+"/g, `$1"${version}"`);
replace('Cargo.toml', `\nversion = "${old}"\n`, `\nversion = "${version}"\n`);
writeLock();
// Cargo writes the version of each crate into its own lock file.
run('cargo', ['metadata', '--offline', '--format-version', '1'], { stdio: ['ignore', 'ignore', 'inherit'] });
if (process.env.npm_lifecycle_event === 'version') run('git', ['add', 'package.json', LOCK, 'Cargo.toml', 'Cargo.lock', ...manifests]);

function writeLock() {
  const lock = JSON.parse(read(LOCK));
  lock.version = version;
  for (const [place, entry] of Object.entries(lock.packages)) {
    if (place === '' || place.startsWith('npm/')) entry.version = version;
  }
  const { optionalDependencies } = lock.packages[''];
  for (const name of Object.keys(optionalDependencies)) optionalDependencies[name] = version;
  writeFileSync(path.join(root, LOCK), `${JSON.stringify(lock, null, 2)}\n`);
}

function replace(file, from, to) {
  const text = read(file);
  const changed = text.replace(from, to);
  if (changed === text && old !== version) throw new Error(`${file} doesn't have version ${old}; set it by hand`);
  writeFileSync(path.join(root, file), changed);
}

function read(file) {
  return readFileSync(path.join(root, file), 'utf8');
}
