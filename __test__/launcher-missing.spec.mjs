// Without its launcher beside the addon, no command runs, and the error says where it was looked for.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer } from './support/node.mjs';
import { PACKAGE, workspace } from './support/places.mjs';

const DAMAGES = {
  missing: (launcher) => rmSync(launcher),
  'not executable': (launcher) => chmodSync(launcher, 0o644),
  'no program': (launcher) => writeFileSync(launcher, 'no program'),
  'another program': (launcher) => cpSync('/bin/true', launcher, { dereference: true }),
};

for (const [damage, damageIt] of Object.entries(DAMAGES)) {
  for (const profile of ['offline', 'trusted']) {
    test(`${damage}, under ${profile}`, async () => {
      const copy = workspace();
      for (const entry of ['index.js', 'native.js', 'lib', 'package.json', 'npm']) cpSync(path.join(PACKAGE, entry), path.join(copy, entry), { recursive: true });
      const launcher = path.join(copy, 'npm', `${process.platform}-${process.arch}`, 'codex-launcher');
      damageIt(launcher);
      const folder = workspace();
      const errors = await answer([process.execPath, '-e', `
        const { Sandbox, CodexError } = require(${JSON.stringify(path.join(copy, 'index.js'))});
        const facts = ({ code, message, path, constructor }) => ({ code, message, path, typed: constructor === CodexError });
        const box = new Sandbox({ profile: ${JSON.stringify(profile)}, workspace: ${JSON.stringify(folder)} });
        (async () => {
          const errors = [];
          await box.exec('touch', ['made']).catch((error) => errors.push(facts(error)));
          try { box.execSync('touch', ['made']); } catch (error) { errors.push(facts(error)); }
          console.log(JSON.stringify(errors));
        })();`]);
      assert.equal(errors.length, 2);
      for (const error of errors) {
        assert.equal(error.code, 'SandboxUnavailable');
        assert.equal(error.typed, true);
        if (damage !== 'another program') assert.equal(error.path, launcher);
        if (damage !== 'another program') assert.ok(error.message.includes(launcher), error.message);
      }
      assert.deepEqual(readdirSync(folder), []);
    });
  }
}
