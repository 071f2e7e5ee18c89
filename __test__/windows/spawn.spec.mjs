// Streams of a command on Windows: pipes that Node reads, and what there is not is refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { folder, sandbox } from '../support/any-platform.mjs';

const FOREVER = 'setInterval(() => {}, 1000)';
const start = (box, script, options) => box.spawn(process.execPath, ['-e', script], options);

for (const profile of ['offline', 'trusted']) {
  test(`lines come while the command runs, under ${profile}`, async (t) => {
    const run = start(sandbox(t, { profile }), `console.log('one'); process.stdin.once('data', () => { console.log('two'); process.exit(3); })`);
    const lines = [];
    for await (const line of run) {
      lines.push(line);
      if (line === 'one') run.stdin.write('go');
    }
    assert.deepEqual([lines, (await run).exitCode], [['one', 'two'], 3]);
  });

  test(`a reader that is slow holds the command up, and loses nothing, under ${profile}`, async (t) => {
    const run = start(sandbox(t, { profile }), "for (let i = 0; i < 64; i += 1) require('node:fs').writeSync(1, Buffer.alloc(65536, i))");
    let bytes = 0;
    for await (const chunk of run.stdout) {
      bytes += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.deepEqual([bytes, (await run).exitCode], [64 * 65536, 0]);
  });

  test(`streams end with their command, also when it is killed or its sandbox closed, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile });
    const killed = start(box, `console.log('up'); ${FOREVER}`);
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    const closed = once(killed, 'close');
    assert.equal((await killed).signal, 'SIGKILL');
    await closed;
    const left = start(box, `console.log('up'); ${FOREVER}`);
    await once(left.stdout, 'data');
    const over = assert.rejects(left, { code: 'SandboxUnavailable' });
    await box.close();
    await over;
  });

  test(`a program that is not there is ENOENT, under ${profile}`, async (t) => {
    await assert.rejects(async () => sandbox(t, { profile }).spawn(path.join(folder(), 'none.exe')), { code: 'ENOENT' });
  });

  test(`terminals and further streams are refused, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile });
    for (const stdio of ['pty', ['pipe', 'pipe', 'pipe', 'pipe']]) {
      await assert.rejects(async () => start(box, '0', { stdio }), /on Windows/);
    }
    assert.equal((await start(box, '0', { stdio: ['ignore', 'pipe', 'ignore', 'ignore'] })).exitCode, 0);
  });
}

test('many commands one after another leave nothing open', async (t) => {
  const box = sandbox(t, { profile: 'trusted' });
  for (let left = 100; left > 0; left -= 1) {
    const run = box.spawn('whoami');
    let text = '';
    for await (const chunk of run.stdout) text += chunk;
    assert.ok(text.length > 0);
    assert.equal((await run).exitCode, 0);
  }
});
