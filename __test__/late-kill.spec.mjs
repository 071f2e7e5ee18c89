// A run that ends by itself at the moment at which it is killed: the kill meets no other run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

for (const profile of ['offline', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (let round = 0; round < 60; round++) {
      const abort = new AbortController();
      const dying = box.exec('sleep', [`0.0${10 + (round % 20)}`], { signal: abort.signal, killSignal: 'SIGKILL' });
      setTimeout(() => abort.abort(), 10 + (round % 20));
      // One that is sent right behind the kill, and one when the end was told.
      const beside = new Promise((resolve) => setTimeout(resolve, 10 + (round % 20))).then(() => sh(box, 'exit 3'));
      await dying;
      assert.equal((await sh(box, 'exit 3')).exitCode, 3);
      assert.equal((await beside).exitCode, 3);
    }
  });
}
