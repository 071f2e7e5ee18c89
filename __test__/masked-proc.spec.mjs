// In a container that masks parts of /proc, whoever may mount there gets a sandbox all the same; nobody else gets less than one.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';

const MASK = 'mount -t tmpfs -o ro masked /proc/sys && mount --bind /dev/null /proc/keys && exec "$@"';
/** As root of the container, with every capability in it; and as an ordinary user, whose own namespaces keep the masks. */
const CONTAINER = ['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', MASK, 'sh'];
const USER = [...CONTAINER, 'unshare', '--user', '--map-user=1000', '--map-group=1000'];

function attempt(prefix, facts) {
  return answer([...prefix, ...script(`(async () => {
    const mounts = () => require('fs').readFileSync('/proc/self/mountinfo', 'utf8');
    const before = mounts();
    const { outside, workspace } = facts;
    const result = await codex.exec('sh', ['-c', facts.command], { profile: 'workspace-write', workspace }).catch(({ code, message }) => ({ code, message }));
    process.stdout.write(JSON.stringify({ ...result, same: mounts() === before }));
  })();`, facts)]);
}

test('a sandbox stands, and what it sees is its own', async () => {
  const facts = { outside: outside(), workspace: workspace() };
  facts.command = `echo y > y; echo x > ${facts.outside}/f; echo x > /proc/sys/kernel/hostname; ls -d /proc/[0-9]* | wc -l; readlink /proc/1/exe`;
  const result = await attempt(CONTAINER, facts);
  assert.equal(result.exitCode, 1, result.message ?? result.stderr);
  assert.match(result.stdout, /^[1-6]\n$/, result.stdout);
  assert.deepEqual([existsSync(path.join(facts.workspace, 'y')), existsSync(path.join(facts.outside, 'f'))], [true, false]);
  assert.deepEqual(result.enforcement.unenforced.filter(({ promise }) => promise !== 'host-unix-sockets'), []);
  assert.deepEqual(result.denials.map(({ path: denied }) => denied), [path.join(facts.outside, 'f'), '/proc/sys/kernel/hostname']);
  assert.ok(result.same, 'the container’s mounts stay as they are');
});

test('who may not mount is refused, with the way out', async () => {
  const facts = { outside: outside(), workspace: workspace(), command: 'echo y > y' };
  const result = await attempt(USER, facts);
  assert.equal(result.code, 'SandboxUnavailable', JSON.stringify(result));
  assert.match(result.message, /\/proc of its own .* systempaths=unconfined/);
  assert.equal(existsSync(path.join(facts.workspace, 'y')), false);
});
