// What a command may have for its streams.
import assert from 'node:assert/strict';
import { createReadStream, createWriteStream, openSync, closeSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { answer, run as runScript, script } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

const LIST = 'cd /proc/self/fd; for fd in *; do [ -e $fd ] && echo $fd; done';

function linkOf(descriptor) {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}

test('by default three pipes, and nothing else', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', LIST]);
  assert.ok(run.stdin.writable && run.stdout.readable && run.stderr.readable);
  assert.deepEqual((await text(run.stdout)).split('\n').filter(Boolean).slice(0, 3), ['0', '1', '2']);
});

test('ignored ones lead nowhere', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'cat; [ /proc/self/fd/0 -ef /dev/null ] && [ /proc/self/fd/1 -ef /dev/null ] && echo nowhere >&2'], { stdio: ['ignore', 'ignore', 'pipe'] });
  assert.deepEqual([run.stdin, run.stdout], [null, null]);
  assert.equal((await run).stderr, 'nowhere\n');
});

test('descriptors and streams that have one', async (t) => {
  const folder = outside();
  const [from, to, errors] = ['from', 'to', 'errors'].map((name) => path.join(folder, name));
  writeFileSync(from, 'given\n');
  const reading = createReadStream(from);
  const writing = createWriteStream(errors);
  await Promise.all([once(reading, 'open'), once(writing, 'open')]);
  const number = openSync(to, 'w');
  // The descriptors were opened by the host: writing to them needs no grant.
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  const result = await box.spawn('sh', ['-c', 'cat; echo err >&2'], { stdin: reading, stdout: number, stderr: writing });
  closeSync(number);
  reading.destroy();
  writing.destroy();
  assert.deepEqual([result.exitCode, result.stdout, result.stderr], [0, '', '']);
  assert.deepEqual([readFileSync(to, 'utf8'), readFileSync(errors, 'utf8')], ['given\n', 'err\n']);
  await assert.rejects(async () => box.spawn('true', { stdout: 12345 }), { code: 'EBADF' });
});

test('exec takes them, too', async (t) => {
  const folder = outside();
  const file = path.join(folder, 'file');
  const box = sandbox(t, { workspace: workspace() });
  const number = openSync(file, 'w+');
  const result = await box.exec('echo', ['written'], { stdout: number });
  assert.deepEqual([result.stdout, readFileSync(file, 'utf8')], ['', 'written\n']);
  const input = openSync(file, 'r');
  assert.equal((await box.exec('cat', [], { stdin: input })).stdout, 'written\n');
  closeSync(number);
  closeSync(input);
});

test('inherited ones are those of the host', async () => {
  const source = `
    const box = new codex.Sandbox({ workspace: facts.workspace });
    box.spawn('sh', ['-c', 'echo out; echo err >&2; cat'], { stdio: 'inherit' }).then(() => box.close());`;
  const { stdout, stderr, exitCode } = await runScript(script(source, { workspace: workspace() }));
  assert.deepEqual([stdout, stderr, exitCode], ['out\n', 'err\n', 0]);
});

test('declared ones have the numbers that were asked for', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', `cat <&7 >&3; ${LIST}`], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'ignore', undefined, 'ignore', 'pipe'],
  });
  const [, , , three, four, five, , seven] = run.stdio;
  assert.deepEqual([four, five], [null, null]);
  seven.end('through');
  const [through, listed] = await Promise.all([text(three), text(run.stdout)]);
  assert.equal(through, 'through');
  const inherited = listed.split('\n').filter(Boolean).map(Number).filter((number) => [3, 4, 5, 6, 7].includes(number));
  assert.deepEqual(inherited.filter((number) => number !== 4 && number !== 5 && number !== 6), [3, 7]);
  assert.equal((await run).exitCode, 0);
});

test('none of them stays open, whether it was looked at or not', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const stdio = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'];
  const sockets = () => readdirSync('/proc/self/fd').filter((number) => linkOf(number).startsWith('socket:')).length;
  await box.spawn('true', { stdio });
  const before = sockets();
  for (let turn = 0; turn < 5; turn++) {
    await box.spawn('true', { stdio });
    await assert.rejects(box.spawn('no-such-program', { stdio }).then(), { code: 'ENOENT' });
    const read = box.spawn('sh', ['-c', 'echo three >&3'], { stdio });
    assert.equal(await text(read.stdio[3]), 'three\n');
    await once(read, 'close');
  }
  await until(() => sockets() <= before, 'closed sockets');
});

test('as many as there are numbers, whichever number they have here', async (t) => {
  const files = Array.from({ length: 61 }, (_, index) => {
    const file = path.join(outside(), 'file');
    writeFileSync(file, `file ${index + 3}\n`);
    return openSync(file, 'r');
  });
  const box = sandbox(t, { workspace: workspace() });
  const { stdout } = await box.spawn('bash', ['-c', 'for n in {3..63}; do cat <&$n; done'], { stdio: ['ignore', 'pipe', 'pipe', ...files.toReversed?.() ?? [...files].reverse()] });
  assert.deepEqual(stdout.split('\n').filter(Boolean), files.map((_, index) => `file ${63 - index}`));
  assert.throws(() => box.spawn('true', { stdio: Array(65).fill('ignore') }), { code: 'ERR_INVALID_ARG_VALUE' });
  files.forEach((file) => closeSync(file));
});

test('no other descriptor of the host is inherited', async () => {
  const source = `
    require('node:fs').openSync('/dev/zero');
    const box = new codex.Sandbox({ workspace: facts.workspace });
    (async () => {
      const { stdout } = await box.spawn('sh', ['-c', 'readlink /proc/self/fd/* 2>/dev/null'], { stdin: 'ignore' });
      console.log(JSON.stringify(stdout.split('\\n').filter(Boolean)));
      await box.close();
    })();`;
  const links = await answer(script(source, { workspace: workspace() }));
  assert.equal(links.filter((link) => link === '/dev/zero').length, 0);
});

test('what can\'t be meant is refused', (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (const stdio of ['other', ['pipe', 'other'], [-1], [1.5], [{}], 7, ['pty', 'pipe', 'pipe'], ['pipe', 'pipe', 'pipe', 'pty']]) {
    assert.throws(() => box.spawn('true', [], { stdio }), TypeError, JSON.stringify(stdio));
  }
  assert.throws(() => box.spawn('true', [], { stdio: 'pipe', stdin: 'ignore' }), TypeError);
  assert.throws(() => box.spawn('true', [], { stdin: 'ignore', input: 'a' }), TypeError);
  assert.throws(() => box.spawn('true', [], { unknown: 1 }), /unknown option "unknown"/);
  assert.throws(() => box.spawn('true', [], { stdio: 'pty', columns: 0 }), RangeError);
});

test('an open directory, from which all others are reached, is none', async (t) => {
  const directory = openSync('/', 'r');
  const list = ['-c', 'ls /proc/self/fd/0/ > /dev/null'];
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  await assert.rejects(box.exec('sh', list, { stdin: directory }), { code: 'EISDIR' });
  await assert.rejects(async () => box.spawn('sh', list, { stdio: ['ignore', 'ignore', directory] }), { code: 'EISDIR' });
  await assert.rejects(async () => box.spawn('sh', list, { stdio: ['ignore', 'ignore', 'ignore', directory] }), { code: 'EISDIR' });
  assert.equal((await box.exec('true')).exitCode, 0);
  const trusted = sandbox(t, { profile: 'trusted', workspace: workspace() });
  assert.equal((await trusted.exec('sh', list, { stdin: directory })).exitCode, 0);
  closeSync(directory);
});
