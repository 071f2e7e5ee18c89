// Arguments reach the program byte for byte, also those that are no UTF-8.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { CLI, codex } from './support/cli.mjs';
import { workspace } from './support/places.mjs';

test('odd ones', async () => {
  const odd = ['', ' ', 'a b', '\n', "'", '"', '\\', '$HOME', '$(id)', '*', '-x', '--', 'ü€😀', '\ufffd'];
  const { stdout } = await codex(['exec', '--', 'printf', '%s\\0', ...odd], { cwd: workspace() });
  assert.deepEqual(stdout.split('\0').slice(0, -1), odd);
});

test('bytes that are no UTF-8', () => {
  // Node can't pass such an argument: a shell makes it.
  const line = `exec "$0" "$1" exec -- printf '%s|' "$(printf 'a\\377b')" 'ü' "$(printf '\\303')" ''`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', line, process.execPath, CLI], { cwd: workspace() });
  assert.equal(status, 0, stderr.toString());
  assert.deepEqual(stdout, Buffer.concat([Buffer.from('a\xffb|', 'latin1'), Buffer.from('ü|'), Buffer.from('\xc3||', 'latin1')]));
});

test('a workspace whose name is no UTF-8', () => {
  const folder = workspace();
  const line = `name="$2/$(printf 'a\\377b')"; mkdir "$name"; exec "$0" "$1" exec --profile workspace-write --workspace "$name" -- sh -c 'pwd; echo x > new; ls'`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', line, process.execPath, CLI, folder]);
  assert.equal(status, 0, stderr.toString());
  assert.deepEqual(stdout, Buffer.from(`${folder}/a\xffb\nnew\n`, 'latin1'));
});
