// The exec policy stands before the sandbox, and never widens it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ExecPolicy, Sandbox } from '../index.js';
import { outside, workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

const RULES = `
[[rule]]
id = "touch"
command = ["touch"]
decision = "allow"
match = ["touch a"]
not_match = ["rm a"]

[[rule]]
id = "no-push"
command = ["git", "push"]
decision = "forbid"
reason = "a person pushes"
match = ["git push"]
not_match = ["git status"]
`;

test('what it allows runs, and is held by the sandbox', async () => {
  const [folder, elsewhere] = [workspace(), outside()];
  const box = new Sandbox({ profile: 'workspace-write', workspace: folder, policy: ExecPolicy.parse(RULES) });
  const inside = await box.exec('touch', ['a']);
  assert.equal(inside.exitCode, 0);
  assert.deepEqual([inside.verdict.decision, inside.verdict.rule], ['allow', 'touch']);
  assert.equal((await box.exec('touch', [path.join(elsewhere, 'b')]).catch((error) => error)).exitCode ?? 1, 1);
  assert.ok(existsSync(path.join(folder, 'a')) && !existsSync(path.join(elsewhere, 'b')));
  await box.close();
});

test('what it forbids is not run, whatever wraps it and whoever says yes', async () => {
  const folder = workspace();
  let asked = 0;
  const onRequest = () => (asked++, 'allow');
  const box = new Sandbox({ profile: 'workspace-write', workspace: folder, policy: ExecPolicy.parse(RULES), onRequest });
  for (const [file, args] of [['git', ['push']], ['bash', ['-lc', 'touch ran; git push']], ['env', ['A=1', 'git', 'push']]]) {
    await assert.rejects(box.exec(file, args), (error) => {
      assert.equal(error.code, 'PolicyRefused');
      assert.equal(error.verdict.rule, 'no-push');
      assert.match(error.message, /git push.*a person pushes/);
      return true;
    });
    assert.throws(() => box.execSync(file, args), { code: 'PolicyRefused' });
  }
  assert.equal(asked, 0);
  assert.ok(!existsSync(path.join(folder, 'ran')));
  await box.close();
});

test('what it asks about runs when somebody says yes', async () => {
  const folder = workspace();
  const options = { profile: 'workspace-write', workspace: folder, policy: ExecPolicy.builtin() };
  const nobody = new Sandbox(options);
  await assert.rejects(nobody.exec('mkdir', ['a']), { code: 'PolicyPrompt' });
  assert.throws(() => nobody.execSync('mkdir', ['a']), { code: 'PolicyPrompt' });
  const requests = [];
  const no = new Sandbox({ ...options, onRequest: async (request) => (requests.push(request), 'deny') });
  await assert.rejects(no.exec('mkdir', ['a']), { code: 'PolicyRefused' });
  assert.ok(!existsSync(path.join(folder, 'a')));
  assert.deepEqual([requests[0].kind, requests[0].file, requests[0].args], ['exec', 'mkdir', ['a']]);
  const yes = new Sandbox({ ...options, onRequest: () => 'allow' });
  assert.equal((await yes.exec('mkdir', ['a'])).exitCode, 0);
  assert.ok(existsSync(path.join(folder, 'a')));
  await Promise.all([nobody, no, yes].map((box) => box.close()));
});

test('nobody waits for an answer that is not needed any more', async (t) => {
  const options = { profile: 'workspace-write', workspace: workspace(), policy: ExecPolicy.builtin() };
  const box = sandbox(t, { ...options, onRequest: () => new Promise(() => {}) });
  const abort = new AbortController();
  const [ran, spawned] = [box.exec('mkdir', ['a'], { signal: abort.signal }), box.spawn('mkdir', ['a'], { signal: abort.signal })];
  await setImmediate();
  abort.abort(new Error('on purpose'));
  for (const { isCanceled, pid } of [await ran, await spawned]) assert.deepEqual({ isCanceled, pid }, { isCanceled: true, pid: undefined });
  const closed = [box.exec('mkdir', ['a']), box.spawn('mkdir', ['a']).then()].map((run) => assert.rejects(run, { code: 'SandboxUnavailable', message: /closed/ }));
  await setImmediate();
  await box.close();
  await Promise.all(closed);
  const late = new Sandbox({ ...options, onRequest: async () => (await late.close(), 'allow') });
  await assert.rejects(late.exec('mkdir', ['a']), { code: 'SandboxUnavailable' });
  assert.ok(!existsSync(path.join(options.workspace, 'a')));
});

test('a question of another command, asked while refusals are told, is not taken for its own', async (t) => {
  const asked = [];
  const box = sandbox(t, {
    profile: 'workspace-write', workspace: workspace(), policy: ExecPolicy.parse(RULES),
    onRequest: ({ file }) => (asked.push(file), 'allow'), onDenial: () => box.execSync('mkdir', ['a']),
  });
  await assert.rejects(box.exec('touch', [path.join(outside(), 'b')]), { code: 'PolicyPrompt' });
  assert.deepEqual(asked, []);
});

test('lines and words are judged without running anything', () => {
  const policy = ExecPolicy.builtin();
  assert.equal(policy.check('ls -la').decision, 'allow');
  assert.equal(policy.check(['ls', '-la']).decision, 'allow');
  assert.equal(policy.check('ls; rm -rf /').decision, 'forbid');
  assert.equal(policy.check('echo "$(touch x)"').decision, 'prompt');
  assert.ok(policy.test().failures.length === 0);
});

test('a broken rule refuses all and says where', () => {
  assert.throws(() => ExecPolicy.parse('[[rule]]\ncommand = ["a"]\ndecision = "allow"\nmatch = ["b"]\nnot_match = []\n'), { code: 'PolicyError' });
  assert.throws(() => ExecPolicy.parse('[[rule]]\ncomand = ["a"]'), { code: 'PolicyError', message: /comand/ });
  assert.throws(() => ExecPolicy.parse({ rules: [] }), { code: 'PolicyError' });
  assert.throws(() => new Sandbox({ policy: {} }), TypeError);
});

test('a command with streams waits for the answer', async (t) => {
  const folder = workspace();
  const options = { profile: 'workspace-write', workspace: folder, policy: ExecPolicy.builtin() };
  const requests = [];
  let answer;
  const onRequest = (request) => (requests.push(request), new Promise((...both) => {
    answer = both;
  }));
  const box = sandbox(t, { ...options, onRequest });

  const yes = box.spawn('tee', ['copy']);
  // What is written before is there when the command starts.
  yes.stdin.end('early');
  const read = text(yes.stdout);
  await setImmediate();
  assert.equal(yes.pid, undefined);
  assert.ok(!existsSync(path.join(folder, 'copy')));
  answer[0]('allow');
  await once(yes, 'spawn');
  assert.ok(yes.pid > 0);
  const { exitCode, verdict } = await yes;
  assert.deepEqual([exitCode, verdict.decision, await read, readFileSync(path.join(folder, 'copy'), 'utf8')], [0, 'prompt', 'early', 'early']);
  assert.deepEqual([requests[0].kind, requests[0].file, requests[0].args, requests[0].decision], ['exec', 'tee', ['copy'], 'prompt']);

  const no = box.spawn('touch', ['made']);
  answer[0]('deny');
  await assert.rejects(async () => no, { code: 'PolicyRefused', message: /it was denied$/ });
  const fault = box.spawn('touch', ['made']);
  answer[1](new Error('nobody is there'));
  await assert.rejects(async () => fault, { message: 'nobody is there' });

  const killed = box.spawn('touch', ['made']);
  assert.equal(killed.kill(), true);
  answer[0]('allow');
  const ended = await killed;
  assert.deepEqual([ended.isCanceled, ended.exitCode, ended.signal, ended.pid], [true, null, null, undefined]);
  const controller = new AbortController();
  const aborted = box.spawn('touch', ['made'], { signal: controller.signal });
  controller.abort();
  assert.equal((await aborted).isCanceled, true);
  answer[0]('allow');

  const before = requests.length;
  assert.equal((await box.spawn('ls')).exitCode, 0);
  await assert.rejects(async () => box.spawn('sudo', ['rm', '-rf', '/']), { code: 'PolicyRefused' });
  assert.equal(requests.length, before);
  assert.ok(!existsSync(path.join(folder, 'made')));
});
