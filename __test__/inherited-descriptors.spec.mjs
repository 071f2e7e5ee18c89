// A program gets its three standard descriptors, and none that the host forgot to close.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';

test('a descriptor without close-on-exec stays outside', async () => {
  const folder = workspace();
  const child = script(`
    Promise.all(['offline', 'workspace-write', 'trusted'].map((profile) => codex.exec(facts.probe, ['descriptors'], { profile, workspace: facts.folder })))
      .then((results) => console.log(JSON.stringify(results.map(({ stdout }) => stdout.trim()))));`, { probe: PROBE, folder });
  const answers = await answer(['bash', '-c', 'exec 7< /etc/passwd 9> "$0" && exec "$@"', path.join(folder, 'open'), ...child]);
  assert.deepEqual(answers, ['0 1 2', '0 1 2', '0 1 2']);
});
