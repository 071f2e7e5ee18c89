// Output comes as it was written.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('bytes, in any number', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { workspace: folder });
  for (const size of [0, 1, 4095, 65_536, 65_537, 1 << 20, 9_999_999]) {
    const bytes = randomBytes(size);
    writeFileSync(path.join(folder, 'bytes'), bytes);
    const result = await box.exec('cat', ['bytes'], { encoding: 'buffer' });
    assert.ok(result.stdout.equals(bytes), `${size} bytes`);
    assert.ok(Buffer.isBuffer(result.stderr));
    assert.equal(result.stderr.length, 0);
    assert.equal(result.truncated, false);
    assert.ok(box.execSync('cat', ['bytes'], { encoding: 'buffer' }).stdout.equals(bytes), `${size} bytes, synchronously`);
  }
});

test('text that is no UTF-8', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const script = String.raw`printf 'a\377b\303c\360\237\230'`;
  const bytes = Buffer.from([0x61, 0xff, 0x62, 0xc3, 0x63, 0xf0, 0x9f, 0x98]);
  assert.ok((await sh(box, script, { encoding: 'buffer' })).stdout.equals(bytes));
  assert.equal((await sh(box, script)).stdout, bytes.toString());
});

test('text of several bytes a letter, longer than a pipe', async (t) => {
  const folder = workspace();
  const text = 'a€😀ü'.repeat(100_000);
  writeFileSync(path.join(folder, 'text'), text);
  assert.equal((await sandbox(t, { workspace: folder }).exec('cat', ['text'])).stdout, text);
});

test('each stream apart, though written in turns', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const result = await sh(box, 'i=0; while [ $i -lt 5000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done');
  const expected = (word) => Array.from({ length: 5000 }, (_, i) => `${word} ${i}\n`).join('');
  assert.equal(result.stdout, expected('out'));
  assert.equal(result.stderr, expected('err'));
});

test('a stream can be dropped', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const only = async (options) => {
    const { stdout, stderr, exitCode } = await sh(box, 'echo out && echo err >&2', options);
    return [stdout, stderr, exitCode];
  };
  assert.deepEqual(await only({ stdout: 'ignore' }), ['', 'err\n', 0]);
  assert.deepEqual(await only({ stderr: 'ignore' }), ['out\n', '', 0]);
});
