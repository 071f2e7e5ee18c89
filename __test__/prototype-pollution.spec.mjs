// What somebody put on Object.prototype is no option: it grants nothing, and changes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';

const POLLUTION = {
  profile: "'trusted'", writable: "['/']", workspace: "'/'", enforcement: "'best-effort'", cwd: "'/'", env: "{ POLLUTED: 'yes' }", set: "'POLLUTED=yes\\0'", input: "'polluted'",
  stdout: "'ignore'", timeout: '1', maxBuffer: '0', network: "'outbound'", environment: "{ set: { POLLUTED: 'yes' } }", encoding: "'buffer'", reject: 'true', args: "'polluted\\0'",
  program: "'false'", denyRead: "['/']", signal: 'AbortSignal.abort()', killSignal: "'SIGKILL'", strings: 'false', policy: '5', onRequest: '5',
};

const CALLS = {
  'a sandbox without options': '(c) => { process.chdir(facts.folder); return new codex.Sandbox().exec("sh", c); }',
  'a sandbox with options': '(c) => new codex.Sandbox({ workspace: facts.folder }).exec("sh", c, {})',
  'a synchronous command': '(c) => new codex.Sandbox({ workspace: facts.folder }).execSync("sh", c)',
  'a one-shot command without options': '(c) => { process.chdir(facts.folder); return codex.exec("sh", c); }',
  'a one-shot command with options': '(c) => codex.exec("sh", c, { workspace: facts.folder })',
  'a profile with overrides': '(c) => codex.exec("sh", c, { workspace: facts.folder, profile: codex.SecurityProfile.named("offline", {}).extend({}) })',
};

for (const [key, value] of Object.entries(POLLUTION)) {
  test(key, async () => {
    const [folder, forbidden] = [workspace(), outside()];
    const before = snapshot(forbidden);
    const results = await answer(script(`
      const calls = {${Object.entries(CALLS).map(([name, call]) => `${JSON.stringify(name)}: ${call}`).join(',')}};
      const args = ['-c', 'pwd; cat; echo "\${POLLUTED-absent}"; sleep 0.05; echo x > ' + facts.forbidden + '/new; echo x > new; exit 3'];
      Object.prototype[${JSON.stringify(key)}] = ${value};
      (async () => {
        const results = [];
        for (const name of Object.keys(calls)) {
          try {
            const { stdout, exitCode, enforcement, truncated, timedOut } = await calls[name](args);
            results.push([name, String(stdout), exitCode, enforcement?.profile, truncated, timedOut]);
          } catch (error) {
            results.push([name, error.message]);
          }
        }
        require('node:fs').writeSync(1, JSON.stringify(results));
        process.exit();
      })();`, { folder, forbidden }));
    assert.deepEqual(results, Object.keys(CALLS).map((name) => [name, `${folder}\nabsent\n`, 3, 'offline', false, false]));
    assert.equal(snapshot(forbidden), before);
  });
}
