// Where neither namespaces nor Landlock can be had, nothing is run, with best effort neither.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { CLI } from './support/cli.mjs';
import { forbidden } from './support/forbidden.mjs';
import { answer, run, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { RESTRICTED } from './support/sandbox.mjs';

const bare = (commandLine) => forbidden([PROBE, 'hide-landlock', ...commandLine]);

test('every restricted profile is refused', async () => {
  const folder = workspace();
  const errors = await answer(bare(script(`
    const one = (profile, enforcement) => codex.exec('touch', ['made'], { profile, workspace: facts.folder, enforcement }).then(() => 'it ran', ({ code, message }) => ({ code, message }));
    Promise.all(facts.profiles.flatMap((profile) => [one(profile, 'required'), one(profile, 'best-effort')])).then((errors) => console.log(JSON.stringify(errors)));`,
  { folder, profiles: RESTRICTED })));
  assert.equal(errors.length, 8);
  for (const { code, message } of errors) {
    assert.equal(code, 'SandboxUnavailable');
    assert.match(message, /user namespaces/);
  }
  for (const { message } of errors.filter((_, index) => index % 2 === 1)) assert.match(message, /Landlock/);
  assert.deepEqual(readdirSync(folder), []);
});

test('the doctor says that nothing can be had', async () => {
  const { exitCode, stdout } = await run(bare([process.execPath, CLI, 'doctor']));
  assert.equal(exitCode, 1);
  assert.match(stdout, /namespaces +absent/);
  assert.match(stdout, /landlock +absent/);
});
