// Libraries over `node:child_process` work as they do without a sandbox, and are held by it.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer } from './support/node.mjs';
import { PACKAGE, outside, workspace } from './support/places.mjs';

const REGISTER = path.join(PACKAGE, 'register.js');

/** Runs a module that prints JSON, in a project whose child processes are all in a sandbox. */
async function project(source) {
  const folder = workspace();
  const written = path.join(outside(), 'written');
  // Found from the package, wherever it lies.
  const program = path.join(folder, 'program.mjs');
  const imported = (name) => JSON.stringify(new URL(import.meta.resolve(name)).href);
  writeFileSync(program, `import * as library from ${imported('execa')}; import { $ as zx } from ${imported('zx')}; const outside = ${JSON.stringify(written)};\n${source}`);
  const printed = await answer([process.execPath, '--require', REGISTER, program], {
    cwd: folder, env: { ...process.env, CODEX_PROFILE: 'workspace-write', CODEX_WORKSPACE: folder },
  });
  assert.equal(existsSync(written), false);
  return { folder, printed };
}

test('execa', async () => {
  const { folder, printed } = await project(`
    const { execa, execaSync, $ } = library;
    const results = {};
    results.plain = (await execa('echo', ['out'])).stdout;
    results.sync = execaSync('echo', ['sync']).stdout;
    results.template = (await $\`echo \${'one word'} two\`).stdout;
    results.lines = (await execa({ lines: true })\`seq 3\`).stdout;
    results.piped = (await execa('printf', ['b\\na\\n']).pipe('sort')).stdout;
    results.input = (await execa('cat', { input: 'given' })).stdout;
    const iterated = [];
    for await (const line of execa('seq', ['3'])) iterated.push(line);
    results.iterated = iterated;
    const failed = await execa('sh', ['-c', 'echo why >&2; exit 3'], { reject: false });
    results.failed = [failed.exitCode, failed.stderr, failed.failed];
    results.missing = await execa('no-such-program').catch((error) => [error.code, error.failed]);
    results.timeout = await execa('sleep', ['60'], { timeout: 300 }).catch((error) => [error.timedOut, error.signal]);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 300);
    results.canceled = await execa('sleep', ['60'], { cancelSignal: abort.signal }).catch((error) => error.isCanceled);
    results.held = (await execa('touch', ['inside', outside], { reject: false })).exitCode;
    const child = execa('cat', { ipc: false });
    child.stdin.end('stream');
    results.stream = (await child).stdout;
    console.log(JSON.stringify(results));`);
  assert.deepEqual(printed, {
    plain: 'out', sync: 'sync', template: 'one word two', lines: ['1', '2', '3'], piped: 'a\nb', input: 'given', iterated: ['1', '2', '3'],
    failed: [3, 'why', true], missing: ['ENOENT', true], timeout: [true, 'SIGTERM'], canceled: true, held: 1, stream: 'stream',
  });
  assert.ok(existsSync(path.join(folder, 'inside')));
});

test('zx', async () => {
  const { folder, printed } = await project(`
    zx.verbose = false;
    const results = {};
    results.plain = (await zx\`echo \${'one word'}\`).stdout;
    results.piped = (await zx\`printf 'b\\\\na\\\\n'\`.pipe(zx\`sort\`)).stdout;
    results.failed = (await zx({ nothrow: true })\`exit 3\`).exitCode;
    results.held = (await zx({ nothrow: true })\`touch inside \${outside}\`).exitCode;
    results.sync = zx.sync\`echo sync\`.stdout;
    const running = zx({ nothrow: true })\`sleep 60\`;
    setTimeout(() => running.kill(), 300);
    results.killed = (await running).signal;
    console.log(JSON.stringify(results));`);
  assert.deepEqual(printed, { plain: 'one word\n', piped: 'a\nb\n', failed: 3, held: 1, sync: 'sync\n', killed: 'SIGTERM' });
  assert.ok(existsSync(path.join(folder, 'inside')));
});
