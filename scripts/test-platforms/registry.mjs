// A package registry on this machine that has the packed packages and nothing else: package managers choose among the
// packages of the platforms as they do at home, and whatever they would fetch from elsewhere is missing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

/** Serves the tarballs of a folder; returns `{ address, close }`. `manifests` are those of packages without a tarball. */
export async function serve(folder, manifests) {
  const server = createServer((request, response) => answer(decodeURIComponent(request.url), response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${server.address().port}`;

  const packages = new Map();
  for (const manifest of manifests) packages.set(manifest.name, document(manifest, { tarball: `${address}/missing.tgz` }));
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.tgz'))) {
    const bytes = readFileSync(path.join(folder, name));
    const manifest = JSON.parse(spawnSync('tar', ['-xzOf', path.join(folder, name), 'package/package.json'], { encoding: 'utf8' }).stdout);
    packages.set(manifest.name, document(manifest, {
      tarball: `${address}/${name}`,
      shasum: createHash('sha1').update(bytes).digest('hex'),
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    }));
  }

  function answer(url, response) {
    const found = packages.get(url.slice(1));
    if (found) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(found));
    } else if (readdirSync(folder).includes(url.slice(1))) {
      response.end(readFileSync(path.join(folder, url.slice(1))));
    } else {
      response.statusCode = 404;
      response.end('{}');
    }
  }

  return { address, close: () => server.close() };
}

function document(manifest, dist) {
  const { name, version } = manifest;
  // Some managers refuse what is new.
  const time = '2020-01-01T00:00:00.000Z';
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } }, time: { created: time, modified: time, [version]: time } };
}
