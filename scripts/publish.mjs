// Publishes the packed packages of a version (`npm run build:all`): those of the platforms first, so that nobody installs a
// package whose platforms are missing. What is there already is left as it is, so that it can be run again after a failure.
// The manifests themselves ask for provenance.
//   node scripts/publish.mjs FOLDER_OF_TARBALLS VERSION
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const [folder, version] = process.argv.slice(2);
if (!version) throw new Error('tell the folder of the tarballs, and the version that they are of');
const packages = readdirSync(folder).filter((name) => name.endsWith('.tgz')).map((name) => read(path.resolve(folder, name)));
const [root, ...platforms] = complete(packages);
for (const one of [...platforms, root]) publish(one);

function read(file) {
  const { status, stdout, stderr } = spawnSync('tar', ['-xzOf', file, 'package/package.json'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} can't be read: ${stderr}`);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  return { file, integrity, manifest: JSON.parse(stdout) };
}

/** The root package and then the others, when all that it names is there, in the version that is wanted, and nothing else. */
function complete(found) {
  const [main, ...more] = found.filter(({ manifest }) => manifest.optionalDependencies);
  if (!main || more.length > 0) throw new Error(`there must be one package that names the others in ${folder}, not ${more.length + (main ? 1 : 0)}`);
  const others = found.filter((one) => one !== main);
  const named = Object.entries(main.manifest.optionalDependencies);
  const problems = [
    ...found.filter(({ manifest }) => manifest.version !== version).map(({ manifest }) => `${manifest.name} is version ${manifest.version}`),
    ...named.filter(([, wanted]) => wanted !== version).map(([name, wanted]) => `version ${wanted} of ${name} is named`),
    ...named.filter(([name]) => !others.some(({ manifest }) => manifest.name === name)).map(([name]) => `${name} is missing`),
    ...others.filter(({ manifest }) => !(manifest.name in main.manifest.optionalDependencies)).map(({ manifest }) => `nothing names ${manifest.name}`),
  ];
  if (problems.length > 0) throw new Error(`this is not version ${version}: ${problems.join('; ')}`);
  return [main, ...others];
}

function publish({ file, integrity, manifest }) {
  const name = `${manifest.name}@${version}`;
  const there = published(name);
  if (there === integrity) {
    console.log(`${name} is there already`);
    return;
  }
  // A version can't be replaced, and its other packages would not fit it.
  if (there) throw new Error(`${name} was published with other content (${there}); publish a new version`);
  // A version such as 1.0.0-rc.1 must not become what everybody gets.
  const tag = /-(\w+)/.exec(version)?.[1] ?? 'latest';
  const { status } = spawnSync('npm', ['publish', file, '--tag', tag, '--ignore-scripts'], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${name} can't be published; run this again when the cause is gone`);
  console.log(`${name} is published`);
}

/** The hash of what is published under a name and version; nothing where there is nothing. */
function published(name) {
  const { stdout, stderr } = spawnSync('npm', ['view', name, 'dist.integrity', '--json'], { encoding: 'utf8' });
  const answer = stdout.trim() === '' ? '' : JSON.parse(stdout);
  if (answer.error?.code === 'E404') return undefined;
  if (answer.error) throw new Error(`nobody says whether ${name} is published: ${answer.error.summary}`);
  if (answer === '' && stderr.includes('npm error')) throw new Error(`nobody says whether ${name} is published: ${stderr}`);
  return answer || undefined;
}
