// The lines of a command that is under way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

async function linesOf(run, options) {
  const lines = [];
  for await (const line of run.lines(options)) lines.push(line);
  return lines;
}

test('each line without its end', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (const [written, lines] of [
    ['a\\nb\\n', ['a', 'b']], ['a\\nb', ['a', 'b']], ['a\\r\\nb\\r\\n', ['a', 'b']], ['', []], ['\\n\\n', ['', '']], ['a\\rb\\n', ['a\rb']],
  ]) {
    assert.deepEqual(await linesOf(box.spawn('printf', [written])), lines, written);
  }
});

test('very many, in order', async (t) => {
  let expected = 1;
  for await (const line of sandbox(t, { workspace: workspace() }).spawn('seq', ['200000'])) {
    if (line !== String(expected)) assert.fail(`${line} instead of ${expected}`);
    expected++;
  }
  assert.equal(expected, 200_001);
});

test('characters are whole, however their bytes come', async (t) => {
  const script = 'printf "a \\342"; sleep 0.1; printf "\\200"; sleep 0.1; printf "\\224 b\\n"';
  assert.deepEqual(await linesOf(sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', script])), ['a — b']);
});

test('of standard error, while much is written to standard output', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'head -c 3000000 /dev/zero; echo done >&2']);
  assert.deepEqual(await linesOf(run, { from: 'stderr' }), ['done']);
  assert.equal((await run).stdout.length, 3_000_000);
});

test('one without end is refused', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('head', ['-c', '50000000', '/dev/zero'], { maxBuffer: 100_000 });
  await assert.rejects(linesOf(run), { code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' });
  assert.equal((await run).signal, 'SIGPIPE');
});

test('stopping early ends the stream', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('yes');
  for await (const line of run) {
    assert.equal(line, 'y');
    break;
  }
  assert.equal((await run).signal, 'SIGPIPE');
});

test('a command that was not run is told after its lines', async (t) => {
  await assert.rejects(linesOf(sandbox(t, { workspace: workspace() }).spawn('no-such-program')), { code: 'ENOENT' });
});

test('with `reject` so is one that failed', async (t) => {
  const lines = [];
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'echo one; exit 3'], { reject: true });
  await assert.rejects(async () => {
    for await (const line of run) lines.push(line);
  }, { code: 'ERR_CODEX_FAILED', exitCode: 3 });
  assert.deepEqual(lines, ['one']);
});
