// ssh takes settings only from root and from its user. In a sandbox of an ordinary user root's files are nobody's, but for
// those that ssh includes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PACKAGE, ROOT } from './support/places.mjs';

const ORDINARY = 61234;
const NEEDED = ['package.json', 'index.js', 'lib', 'bin', 'npm', 'native.js', 'native-failure.js', 'child_process.js'];
const LIST = 'for file in /etc/ssh/ssh_config.d/*.conf; do [ ! -e "$file" ] || { stat -L -c "%u %a" "$file"; cat "$file"; }; done';

test('what the settings of ssh include is the user\'s own, and as it was', (t) => {
  const root = process.getuid() === 0;
  const place = mkdtempSync(path.join(root ? '/var' : ROOT, 'codex-spec-'));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const user = root ? ORDINARY : process.getuid();
  const home = path.join(place, 'home');
  mkdirSync(home);
  for (const name of NEEDED) cpSync(path.join(PACKAGE, name), path.join(place, name), { recursive: true });
  chmodSync(place, 0o755);
  if (root) chownSync(home, user, user);
  const run = `"${process.execPath}" "${place}/bin/codex.js" exec --profile offline --workspace "${home}" -- sh -c '${LIST}'`;
  // Root has a folder of its own there for as long as this takes, in which a link leads to the file.
  const made = `mount --make-rprivate / && mount -t tmpfs none /etc/ssh && mkdir /etc/ssh/ssh_config.d /etc/ssh/more &&
    echo "Include ssh_config.d/*.conf" > /etc/ssh/ssh_config && echo "Host any" > /etc/ssh/more/any &&
    ln -s ../more/any /etc/ssh/ssh_config.d/any.conf && exec setpriv --reuid ${user} --regid ${user} --clear-groups ${run}`;
  const options = { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] };
  const result = root ? spawnSync('unshare', ['--mount', 'sh', '-c', made], options) : spawnSync('sh', ['-c', run], options);
  assert.equal(result.status, 0, result.stderr);
  if (root) assert.equal(result.stdout, `${user} 444\nHost any\n`);
  const owners = [...result.stdout.matchAll(/^(\d+) \d+$/gm)].map((match) => Number(match[1]));
  assert.ok(owners.every((owner) => owner === user), result.stdout);
});
