// The streams of a command that is under way.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { answer, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('bytes go in and come out as they are', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const bytes = randomBytes(3_000_000);
  const cat = box.spawn('cat');
  const [out] = await Promise.all([buffer(cat.stdout), pipeline([bytes], cat.stdin)]);
  assert.equal(Buffer.compare(out, bytes), 0);
  assert.equal((await cat).exitCode, 0);
});

test('they are byte streams until an encoding is set', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('printf', ['\\377é']);
  assert.deepEqual(await buffer(run.stdout), Buffer.from([0xff, 0xc3, 0xa9]));
  const split = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'printf "\\303"; sleep 0.1; printf "\\251"']);
  assert.equal(await text(split.stdout.setEncoding('utf8')), 'é');
});

test('output and errors are apart', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'echo out; echo err >&2']);
  assert.deepEqual(await Promise.all([text(run.stdout), text(run.stderr)]), ['out\n', 'err\n']);
});

test('a conversation', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'while read line; do echo "got $line"; done']);
  for (const word of ['one', 'two']) {
    run.stdin.write(`${word}\n`);
    const [answer] = await once(run.stdout, 'data');
    assert.equal(String(answer), `got ${word}\n`);
  }
  run.stdin.end();
  assert.equal((await run).exitCode, 0);
});

test('what a consumer has got stays as it is', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'head -c 40000000 /dev/urandom | tee bytes | cat; sha256sum < bytes >&2'], { cwd: '/tmp' });
  const held = [];
  run.stdout.on('data', (chunk) => held.push(chunk));
  const closed = once(run, 'close');
  const sum = await text(run.stderr);
  await closed;
  const hash = createHash('sha256');
  held.forEach((chunk) => hash.update(chunk));
  assert.equal(hash.digest('hex'), sum.split(' ')[0]);
});

test('a slow consumer holds the program up and keeps nothing', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('head', ['-c', '400000000', '/dev/zero']);
  const stream = run.stdout;
  await once(stream, 'readable');
  const before = process.memoryUsage.rss();
  let bytes = 0;
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    bytes += stream.read()?.length ?? 0;
  }
  assert.ok(process.memoryUsage.rss() - before < 60e6, 'memory grew');
  assert.ok(bytes < 100e6, `${bytes} bytes were read ahead`);
  assert.equal(run.kill(0), true, 'the program waits');
  for await (const chunk of stream) bytes += chunk.length;
  assert.equal(bytes, 400_000_000);
  assert.equal((await run).exitCode, 0);
});

test('a consumer that pauses gets what came meanwhile, also when the program is gone by then', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const run = box.spawn('sh', ['-c', 'echo one; sleep 0.1; echo two']);
  let got = '';
  run.stdout.on('data', (chunk) => {
    got += chunk;
    run.stdout.pause();
    run.then(() => setImmediate(() => run.stdout.resume()));
  });
  await once(run, 'close');
  assert.equal(got, 'one\ntwo\n');
  const [numbers, count] = [box.spawn('seq', ['100000']), box.spawn('wc', ['-l'])];
  numbers.stdout.pipe(count.stdin);
  assert.equal((await count).stdout.trim(), '100000');
});

test('a program whose reader goes away is told', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('yes');
  await once(run.stdout, 'data');
  run.stdout.destroy();
  assert.equal((await run).signal, 'SIGPIPE');
});

test('a stream that is looked at when all is over has what was captured', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('echo', ['late']);
  await once(run, 'exit');
  assert.equal(await text(run.stdout), 'late\n');
});

test('a run with streams holds the promises of its profile', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'echo x > /etc/codex-probe; ls -a /tmp; cat /proc/self/status']);
  const [out, errors] = await Promise.all([text(run.stdout), text(run.stderr)]);
  assert.match(errors, /Read-only file system/);
  assert.match(out, /^\.\n\.\.\n/);
  assert.match(out, /CapEff:\s*0{16}\n[^]*NoNewPrivs:\s*1\n/);
  assert.match(out, /SigIgn:\s*0{16}\n/);
});

test('the environment and the directory are those of exec', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { workspace: folder });
  const script = 'pwd; echo "$ADDED"; echo "$NODE_OPTIONS"';
  const options = { env: { ...process.env, ADDED: 'yes' } };
  const executed = await sh(box, script, options);
  const spawned = await box.spawn('sh', ['-c', script], options);
  assert.equal(spawned.stdout, executed.stdout);
  assert.equal(spawned.stdout, `${folder}\nyes\n\n`);
});

test('what a program doesn\'t read any more is no crash', async () => {
  const child = script(`
    const box = new codex.Sandbox({ workspace: facts.workspace });
    (async () => {
      const ends = [];
      for (const streams of [{}, { stdio: 'pty' }, { stdio: ['pipe', 'ignore', 'ignore', 'pipe'] }]) {
        const run = box.spawn('true', streams);
        for (const stream of run.stdio) if (stream?.writable) stream.write('x'.repeat(3e6));
        ends.push((await run).exitCode);
      }
      const heard = box.spawn('sh', ['-c', 'exec <&-; echo closed; sleep 3600']);
      heard.stdout.once('data', () => heard.stdin.write('x'));
      heard.stdin.once('error', ({ code }) => ends.push(code));
      heard.stdin.once('close', () => heard.kill());
      await heard;
      await box.close();
      console.log(JSON.stringify(ends));
    })();`, { workspace: workspace() });
  assert.deepEqual(await answer(child), [0, 0, 0, 'EPIPE']);
});

test('a stream that the program has closed is closed at once: nobody else holds its end', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (let round = 0; round < 60; round++) {
    const run = box.spawn('sh', ['-c', 'exec <&-; echo closed; sleep 3600']);
    run.stdout.once('data', () => run.stdin.write('x'));
    const late = setTimeout(() => run.kill(), 10_000);
    const [error] = await Promise.race([once(run.stdin, 'error').catch((error) => [error]), run.then(() => [undefined])]);
    clearTimeout(late);
    run.kill();
    await run;
    assert.equal(error?.code, 'EPIPE', `round ${round}`);
  }
});

test('a stream that is looked at and never read keeps nothing open, and what it has is there for a late reader', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const open = () => readdirSync('/proc/self/fd').length;
  await box.spawn('true');
  const before = open();
  const late = [];
  for (let round = 0; round < 10; round++) {
    const piped = box.spawn('sh', ['-c', 'head -c 300000 /dev/zero; echo three >&3; echo error >&2'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    const { stderr, stdio: [, stdout, , three] } = piped;
    three.end();
    const terminal = box.spawn('cat', { stdio: 'pty' });
    terminal.stdin.write('typed\n\x04');
    await Promise.all([once(piped, 'close'), once(terminal, 'close')]);
    late.push([stdout, stderr]);
  }
  assert.ok(open() <= before + 4, `${open() - before} more descriptors`);
  for (const [stdout, stderr] of late) assert.deepEqual([(await text(stdout)).length, await text(stderr)], [300_000, 'error\n']);
});
