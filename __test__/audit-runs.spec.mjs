// What a sandbox records of its runs.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { AuditLog, ExecPolicy, Sandbox, exec } from '../index.js';
import { lines, newLog } from './support/logs.mjs';
import { answer, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';

async function recorded(options, run) {
  const file = newLog();
  const audit = await AuditLog.open(file);
  const sandbox = new Sandbox({ workspace: workspace(), audit, ...options });
  let result;
  try {
    result = await run(sandbox);
  } finally {
    await sandbox.close();
  }
  return { result, all: lines(file), of: (event) => lines(file).filter((record) => record.event === event) };
}

test('the decision before it, the start with the program, the end after it', async () => {
  const { result, all, of } = await recorded({ profile: 'workspace-write' }, (box) => box.exec('/bin/sh', ['-c', 'echo out; exit 3'], { env: { MY_TOKEN: 'hunter2' } }));
  const [decision] = of('exec.decision');
  const [start] = of('exec.start');
  const [exit] = of('exec.exit');
  assert.equal(result.auditId, `${decision.session}:${decision.seq}`);
  assert.deepEqual([decision.argv, decision.decision, decision.profile], [['/bin/sh', '-c', 'echo out; exit 3'], 'allow', 'workspace-write']);
  assert.equal(decision.env.MY_TOKEN, '[SECRET]');
  assert.equal(start.program, '/bin/sh');
  assert.equal(start.program_sha256, createHash('sha256').update(readFileSync('/bin/sh')).digest('hex'));
  assert.deepEqual([exit.exit_code, exit.stdout_bytes, exit.pid], [3, 4, result.pid]);
  assert.ok(exit.enforcement.includes('landlock') && exit.enforcement.includes('seccomp'), String(exit.enforcement));
  assert.ok(decision.run && decision.run === start.run && decision.run === exit.run);
  assert.ok(decision.seq < start.seq && start.seq < exit.seq);
  assert.doesNotMatch(JSON.stringify(all), /hunter2/);
});

test('the policy in force, by a hash that tells one from another', async () => {
  const [{ policy_hash: one, profile }] = (await recorded({ profile: 'offline' }, () => {})).of('policy.change');
  const [{ policy_hash: other }] = (await recorded({ profile: 'workspace-write' }, () => {})).of('policy.change');
  assert.equal(profile, 'offline');
  assert.match(one, /^[0-9a-f]{64}$/);
  assert.notEqual(one, other);
});

test('what was refused, with the rule and the reason, and nothing ran', async () => {
  const policy = ExecPolicy.parse({ rule: [
    { id: 'no-push', command: ['git', 'push'], decision: 'forbid', reason: 'releases are made elsewhere', match: ['git push'], not_match: ['git pull'] },
  ] });
  const { all, of } = await recorded({ policy }, async (box) => {
    await assert.rejects(box.exec('git', ['push']), { code: 'PolicyRefused' });
    await assert.rejects(box.exec('rm', ['x']), { code: 'PolicyPrompt' });
  });
  const [push, rm] = of('exec.decision');
  assert.deepEqual([push.command, push.decision, push.rule], ['git push', 'forbid', 'no-push']);
  assert.match(push.reason, /releases are made elsewhere/);
  assert.equal(rm.decision, 'prompt');
  assert.ok(!all.some((record) => record.event === 'exec.start' || record.event === 'exec.exit'));
});

test('what was asked about and allowed', async () => {
  const policy = ExecPolicy.builtin();
  const folder = workspace();
  writeFileSync(path.join(folder, 'x'), '');
  const { of } = await recorded({ policy, profile: 'workspace-write', workspace: folder, onRequest: () => 'allow' }, (box) => box.exec('rm', ['x']));
  assert.equal(existsSync(path.join(folder, 'x')), false);
  assert.deepEqual(of('exec.decision').map((record) => [record.decision, record.labels?.approval]), [['prompt', undefined], ['allow', 'given']]);
});

test('a program that is not there, with its secrets hidden in the error too', async () => {
  const { all, of } = await recorded({}, (box) => assert.rejects(box.exec('/no/such/tool', ['--token=Qq7LeakVal']), { code: 'ENOENT' }));
  assert.match(of('exec.exit')[0].error, /not found/);
  assert.doesNotMatch(JSON.stringify(all), /Qq7LeakVal/);
});

test('what is named as a program and is no regular file is not opened for its hash', async () => {
  const pipe = path.join(workspace(), 'pipe');
  execFileSync('mkfifo', ['-m', '755', pipe]);
  // Whoever opens the pipe for reading lets the writer go, if only for a moment.
  const writer = spawn('sh', ['-c', 'exec 3> "$0"', pipe]);
  const gone = once(writer, 'exit');
  await once(writer, 'spawn');
  const { of } = await recorded({}, (box) => assert.rejects(box.exec(pipe), { code: 'EACCES' }));
  await setTimeout(200);
  assert.equal(writer.exitCode, null);
  assert.deepEqual(of('exec.start').map((record) => [path.basename(record.program), record.program_sha256]), [['pipe', undefined]]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  await gone;
  closeSync(reader);
});

test('a timeout, a signal, and cut output', async () => {
  const { of } = await recorded({}, async (box) => {
    await box.exec('sleep', ['60'], { timeout: 100 });
    await box.exec('sh', ['-c', 'kill -9 $$']);
    await box.exec('seq', ['100000'], { maxBuffer: 10 });
  });
  const [timeout, signal, cut] = of('exec.exit');
  assert.equal(timeout.timed_out, true);
  assert.ok(signal.signal);
  assert.equal(cut.truncated, true);
});

test('never the output, and never much of an argument', async () => {
  const { all } = await recorded({}, async (box) => {
    await box.exec('sh', ['-c', 'echo very-private-output']);
    await box.exec('true', ['b'.repeat(100_000)]);
  });
  const text = JSON.stringify(all);
  assert.doesNotMatch(text, /^very-private-output$/m);
  assert.ok(!all.some((record) => record.event === 'exec.exit' && JSON.stringify(record).includes('very-private-output')));
  assert.ok(text.length < 65_536, String(text.length));
});

test('several sandboxes of one log, each run by its own name', async () => {
  const file = newLog();
  const audit = await AuditLog.open(file);
  await Promise.all(Array.from({ length: 4 }, () => exec('true', [], { workspace: workspace(), audit })));
  const runs = lines(file).filter((record) => record.event === 'exec.decision').map((record) => record.run);
  assert.equal(new Set(runs).size, 4);
  assert.ok((await audit.verify()).ok);
});

test('execSync records too', async () => {
  const { of } = await recorded({}, (box) => box.execSync('true'));
  assert.equal(of('exec.exit')[0].exit_code, 0);
});

test('a log that the commands could write is refused, however it is spelled', async () => {
  const folder = workspace();
  for (const file of [path.join(folder, 'audit.jsonl'), path.join(folder, 'x', '..', 'audit.jsonl')]) {
    const audit = await AuditLog.open(file);
    assert.throws(() => new Sandbox({ profile: 'workspace-write', workspace: folder, audit }), { code: 'AuditUnavailable' });
    await audit.close();
  }
  const audit = await AuditLog.open(path.join(folder, 'audit.jsonl'));
  await new Sandbox({ profile: 'offline', workspace: folder, audit }).close();
  await audit.close();
});

test('a log that can grow no more: the command runs and its result says so; at strict it does not run', async () => {
  // A limit of file sizes stands in for a full disk.
  const source = `
    (async () => {
      const answers = {};
      for (const level of ['standard', 'strict']) {
        const audit = await codex.AuditLog.open(facts.log + '.' + level, { level });
        const box = new codex.Sandbox({ profile: 'workspace-write', workspace: facts.folder, audit });
        let last;
        for (let count = 0; count < 40; count++) {
          last = await box.exec('sh', ['-c', 'echo ' + level + count + ' > ' + level + count]).then(({ exitCode, hints }) => ({ exitCode, hints }), ({ code, message }) => ({ code, message }));
        }
        answers[level] = { ...last, ran: require('node:fs').existsSync(facts.folder + '/' + level + '39') };
        await box.close();
      }
      process.stdout.write(JSON.stringify(answers));
      process.exit(0);
    })();`;
  const [node, ...rest] = script(source, { log: newLog(), folder: workspace() });
  const limit = ['bash', '-c', 'ulimit -f 16; exec "$0" "$@"', node, ...rest];
  const { standard, strict } = await answer(limit);
  assert.equal(standard.exitCode, 0);
  assert.equal(standard.ran, true);
  assert.match(standard.hints.join(), /audit record can't be written/);
  assert.equal(strict.code, 'AuditUnavailable');
  assert.equal(strict.ran, false);
});
