// Arguments arrive byte for byte; there is never a shell between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

const ODD = [
  '', ' ', '  two  spaces ', '\t', '\n', 'a\nb\n', "'", '"', `'"'"'`, '\\', '\\n', '$HOME', '$(id)', '`id`', '${x}', '; echo no', '&& echo no', '| cat',
  '> f', '< f', '*', '?', '[a-z]', '~', '#', '!', '!!', '-', '--', '-e', '--help', '%s', '%', 'ü', '€', '😀', 'é', '\u202e', '\ufeff', '\ufffd',
  '\u0001', '\u007f', '\r\n', '=', 'A=B', '{a,b}', '\u001b[31m',
];

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`odd ones, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const { stdout } = await box.exec('printf', ['%s\\0', ...ODD], { encoding: 'buffer' });
    assert.deepEqual(stdout.toString().split('\0').slice(0, -1), ODD);
    assert.deepEqual(box.execSync('printf', ['%s\\0', ...ODD]).stdout.split('\0').slice(0, -1), ODD);
  });

  test(`many and long ones, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const shapes = [
      Array.from({ length: 3 }, (_, index) => `${index}`.repeat(100_000)),
      Array.from({ length: 15 }, (_, index) => String.fromCharCode(97 + index).repeat(100_000)),
      Array.from({ length: 10_000 }, (_, index) => `${index}`),
      ['x'.repeat(131_000)],
    ];
    for (const args of shapes) {
      const { stdout } = await box.exec('printf', ['%s\\n', ...args]);
      assert.equal(stdout, args.join('\n') + '\n');
    }
  });

  test(`too long for the system, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    await assert.rejects(box.exec('true', ['x'.repeat(200_000)]), { code: 'E2BIG' });
    await assert.rejects(box.exec('true', Array.from({ length: 100 }, () => 'x'.repeat(100_000))), { code: 'E2BIG' });
    assert.equal((await box.exec('echo', ['next'])).stdout, 'next\n');
  });
}

test('the program sees its name as it was given', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  assert.equal((await box.exec('sh', ['-c', 'tr "\\0" "\\n" < /proc/$$/cmdline | head -1; :'])).stdout, 'sh\n');
  assert.equal((await box.exec('/bin/sh', ['-c', 'tr "\\0" "\\n" < /proc/$$/cmdline | head -1; :'])).stdout, '/bin/sh\n');
});

test('a surrogate that stands alone becomes a replacement character', async (t) => {
  const { stdout } = await sandbox(t, { workspace: workspace() }).exec('printf', ['%s', 'a\ud800b']);
  assert.equal(stdout, 'a\ufffdb');
});
