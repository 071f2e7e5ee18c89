// Where user namespaces are forbidden, the sandbox is refused; with best effort, Landlock and seccomp hold what they can,
// and the result says what is missing.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { CLI } from './support/cli.mjs';
import { forbidden } from './support/forbidden.mjs';
import { answer, run, script, start } from './support/node.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { gone, started, unusualSleep } from './support/processes.mjs';
import { RESTRICTED } from './support/sandbox.mjs';
import { tcpServer } from './support/servers.mjs';
import { until } from './support/until.mjs';

const attempt = (body, facts, tmp = outside()) => answer(forbidden(script(`
  const one = async (make) => { try { return await make(); } catch ({ code, message, remedy }) { return { code, message, remedy }; } };
  (async () => { ${body} })().then((result) => process.stdout.write(JSON.stringify(result)));`, facts)), { env: { ...process.env, TMPDIR: tmp } });

test('required: refused, with the reason and a remedy', async () => {
  const folder = workspace();
  for (const profile of [...RESTRICTED, undefined]) {
    const errors = await attempt(`
      const options = { profile: facts.profile, workspace: facts.folder };
      return [await one(() => codex.exec('touch', ['made'], options)), await one(() => new codex.Sandbox(options).execSync('touch', ['made']))];`, { folder, profile });
    for (const { code, message, remedy } of errors) {
      assert.equal(code, 'SandboxUnavailable', message);
      assert.match(message, /user namespaces/i);
      assert.match(remedy, /sysctl/);
      assert.match(remedy, /best-effort/);
      assert.ok(message.includes(remedy));
    }
  }
  assert.deepEqual(readdirSync(folder), []);
});

test('trusted needs none', async () => {
  const result = await attempt("return codex.exec('echo', ['x'], { profile: 'trusted', workspace: facts.folder });", { folder: workspace() });
  assert.equal(result.stdout, 'x\n');
});

test('best effort: files are still held', async () => {
  for (const profile of RESTRICTED) {
    const [folder, base] = [workspace(), outside()];
    const [before, tmp] = [snapshot(base), outside()];
    const result = await attempt(`
      const box = new codex.Sandbox({ profile: facts.profile, workspace: facts.folder, enforcement: 'best-effort' });
      const result = await box.exec('sh', ['-c', \`echo x > \${facts.base}/new; ln -s \${facts.base} /tmp/link-\$\$; echo y > mine; echo z > "\$TMPDIR/z" && cat "\$TMPDIR/z"; touch /tmp/codex-spec-\$\$ && echo created\`]);
      const inner = await box.exec('cat', ['/proc/self/status']);
      await box.close();
      return { ...result, status: inner.stdout };`, { folder, base, profile }, tmp);
    assert.equal(snapshot(base), before, profile);
    assert.deepEqual(result.enforcement.caches, [], 'without mounts caches are read-only');
    assert.equal(result.stdout, 'z\n', 'there is a private place for temporary files, and /tmp is none');
    assert.equal(readdirSync(folder).includes('mine'), profile.startsWith('workspace'), profile);
    assert.deepEqual(readdirSync(tmp), [], 'the private place is gone with the sandbox');
    assert.match(result.status, /^CapEff:\t0+$/m);
    assert.match(result.status, /^CapBnd:\t0+$/m);
    assert.match(result.status, /^NoNewPrivs:\t1$/m);
    assert.match(result.status, /^Seccomp:\t2$/m);
    const { enforcement } = result;
    assert.deepEqual(enforcement.filesystem, ['landlock']);
    assert.equal(enforcement.processes, 'subreaper');
    assert.ok(enforcement.landlockAbi > 0);
    assert.ok(enforcement.seccomp);
    const missing = enforcement.unenforced.filter(({ cause }) => cause === 'machine');
    for (const promise of ['private-tmp', 'invisible-processes', 'tree-end', 'file-metadata']) {
      assert.ok(missing.some((one) => one.promise === promise && one.reason !== ''), promise);
    }
  }
});

test('best effort: what is in secrets and denied files stays closed, and the report says what does not', async () => {
  const [folder, home] = [workspace(), outside()];
  mkdirSync(path.join(home, '.aws'));
  for (const file of ['.aws/credentials', '.netrc', 'denied', 'open']) writeFileSync(path.join(home, file), 'content');
  const result = await attempt(`
    process.env.HOME = facts.home;
    const profile = codex.SecurityProfile.named('workspace-write', { denyRead: [facts.home + '/denied'] });
    const box = new codex.Sandbox({ profile, workspace: facts.folder, enforcement: 'best-effort' });
    const outputs = [];
    for (const file of ['.aws/credentials', '.netrc', 'denied', 'open']) outputs.push((await box.exec('cat', [facts.home + '/' + file])).stdout);
    const listed = await box.exec('sh', ['-c', 'ls / && cat /etc/passwd && git --version && node -e 0']);
    await box.close();
    return { outputs, listed: listed.exitCode, unenforced: listed.enforcement.unenforced };`, { folder, home });
  assert.deepEqual(result.outputs, ['', '', '', 'content']);
  assert.equal(result.listed, 0);
  for (const promise of ['secrets', 'deny-read']) {
    assert.match(result.unenforced.find((one) => one.promise === promise && one.cause === 'machine').reason, /names can be listed/);
  }
});

test('best effort: no network where the profile has none', async (t) => {
  const server = await tcpServer(t, '127.0.0.1');
  for (const profile of ['offline', 'workspace-write']) {
    const result = await attempt(`
      const box = new codex.Sandbox({ profile: facts.profile, workspace: facts.folder, enforcement: 'best-effort' });
      const outputs = [];
      for (const words of [['tcp', '127.0.0.1', facts.port], ['udp', '127.0.0.1', facts.port], ['abstract', 'x'], ['call', '41', '40', '1', '0']]) {
        outputs.push((await box.exec(facts.probe, words)).stdout.trim());
      }
      const { enforcement } = await box.exec('true');
      await box.close();
      return { outputs, network: enforcement.network };`, { folder: workspace(), port: `${server.port}`, profile, probe: PROBE });
    assert.deepEqual(result.outputs.map(Number), Array(4).fill(os.constants.errno.EAFNOSUPPORT));
    assert.equal(result.network, 'blocked');
    assert.equal(server.seen.length, 0);
  }
});

test('best effort: a run leaves no process', async () => {
  const facts = { folder: workspace(), seconds: unusualSleep() };
  const result = await attempt(`
    const box = new codex.Sandbox({ profile: 'workspace-write', workspace: facts.folder, enforcement: 'best-effort' });
    const script = \`(setsid sh -c 'trap "" TERM HUP; exec sleep \${facts.seconds}' &); sleep \${facts.seconds} & echo done\`;
    const first = await box.exec('sh', ['-c', script]);
    const second = await box.exec('sh', ['-c', script + '; sleep 60'], { timeout: 200, forceKillAfterDelay: 100 });
    await box.close();
    return [first.stdout, second.timedOut];`, facts);
  assert.deepEqual(result, ['done\n', true]);
  await gone(`sleep ${facts.seconds}`);
});

const ENDS = { 'process.exit': 'process.exit()', SIGKILL: "process.kill(process.pid, 'SIGKILL')" };

for (const [name, end] of Object.entries(ENDS)) {
  test(`best effort: the process ends by ${name}, its sandbox open, and leaves nothing`, async () => {
    const [facts, tmp] = [{ folder: workspace(), seconds: unusualSleep() }, outside()];
    const child = start(forbidden(script(`
      const box = new codex.Sandbox({ workspace: facts.folder, enforcement: 'best-effort' });
      box.exec('sh', ['-c', 'echo x > "$TMPDIR/x"; exec sleep ' + facts.seconds]);
      process.stdin.once('data', () => { ${end}; });`, facts)), { env: { ...process.env, TMPDIR: tmp }, stdio: ['pipe', 'ignore', 'ignore'] });
    await started(`sleep ${facts.seconds}`);
    child.stdin.write('now');
    await gone(`sleep ${facts.seconds}`);
    await until(() => readdirSync(tmp).length === 0, `the end of ${readdirSync(tmp)} in ${tmp}`, 5000);
  });
}

test('the doctor and the command line say the same', async () => {
  const doctor = await run(forbidden([process.execPath, CLI, 'doctor']));
  assert.equal(doctor.exitCode, 0);
  assert.match(doctor.stdout, /namespaces +absent/);
  assert.match(doctor.stdout, /sysctl/);
  const folder = workspace();
  const exec = (...options) => run(forbidden([process.execPath, CLI, 'exec', '--workspace', folder, '--profile', 'workspace-write', ...options, '--', 'touch', 'made']));
  const refused = await exec();
  assert.equal(refused.exitCode, 125);
  assert.match(refused.stderr, /user namespaces/);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal((await exec('--enforcement', 'best-effort')).exitCode, 0);
  assert.deepEqual(readdirSync(folder), ['made']);
});
