// What every backend owes, whatever the platform: each thing is done for real, and looked at from outside.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { folder, node, sandbox } from './support/any-platform.mjs';

const WRITE = "require('node:fs').writeFileSync(process.argv[1], 'written')";
const READ = "process.stdout.write(require('node:fs').readFileSync(process.argv[1]))";

test('the workspace can be written', async (t) => {
  const workspace = folder();
  const result = await node(sandbox(t, { profile: 'workspace-write', workspace }), WRITE, [path.join(workspace, 'file')]);
  assert.equal(result.exitCode, 0, result.stderr);
  assert.equal(readFileSync(path.join(workspace, 'file'), 'utf8'), 'written');
});

for (const profile of ['offline', 'workspace-write']) {
  test(`nothing outside of it can be written, under ${profile}`, async (t) => {
    const file = path.join(folder(), 'file');
    assert.notEqual((await node(sandbox(t, { profile }), WRITE, [file])).exitCode, 0);
    assert.equal(existsSync(file), false);
  });

  test(`a secret can't be read, under ${profile}`, async (t) => {
    const workspace = folder();
    const [secret, open] = ['secret', 'open'].map((name) => path.join(workspace, name));
    for (const file of [secret, open]) writeFileSync(file, 'contents');
    const box = sandbox(t, { profile, workspace, denyRead: [secret] });
    assert.equal((await node(box, READ, [open])).stdout, 'contents');
    const result = await node(box, READ, [secret]);
    assert.notEqual(result.exitCode, 0);
    assert.doesNotMatch(result.stdout, /contents/);
  });

  test(`no server of the host can be reached, under ${profile}`, async (t) => {
    const connections = [];
    const server = net.createServer((socket) => connections.push(socket));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const connect = "require('node:net').connect(+process.argv[1], '127.0.0.1', () => process.exit(0)).on('error', () => process.exit(9))";
    assert.equal((await node(sandbox(t, { profile }), connect, [String(server.address().port)])).exitCode, 9);
    assert.equal(connections.length, 0);
  });
}

for (const profile of ['workspace-write', 'trusted']) {
  // Outside of a sandbox a Mac has no group of processes that one of them could not leave; the result says `process-group`.
  const skip = profile === 'trusted' && process.platform === 'darwin' && 'only the process group is ended there';
  test(`nothing that a command started is left after it, under ${profile}`, { skip }, async (t) => {
    const workspace = folder();
    const beats = path.join(workspace, 'beats');
    const beat = `setInterval(() => require('node:fs').appendFileSync(${JSON.stringify(beats)}, '.'), 5)`;
    const start = `const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', ${JSON.stringify(beat)}], { detached: true, stdio: 'ignore' }).unref();
      const wait = setInterval(() => require('node:fs').existsSync(${JSON.stringify(beats)}) && clearInterval(wait), 5);`;
    const result = await node(sandbox(t, { profile, workspace }), start);
    assert.equal(result.exitCode, 0, result.stderr);
    const { size } = statSync(beats);
    assert.ok(size > 0);
    await sleep(300);
    assert.equal(statSync(beats).size, size);
  });

  test(`a command that takes too long is ended, under ${profile}`, async (t) => {
    const result = await node(sandbox(t, { profile }), 'setInterval(() => {}, 1000)', [], { timeout: 300, forceKillAfterDelay: 300 });
    assert.equal(result.timedOut, true);
    assert.equal(result.failed, true);
    assert.equal(result.exitCode, null);
    assert.match(result.signal, /^SIG(TERM|KILL)$/);
  });

  test(`exit codes come as they were given, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile });
    for (const code of [0, 1, 2, 7, 126, 127, 255]) {
      assert.equal((await node(box, 'process.exit(+process.argv[1])', [String(code)])).exitCode, code);
    }
  });

  test(`a program that isn't there is ENOENT, under ${profile}`, async (t) => {
    const missing = { code: 'ENOENT' };
    await assert.rejects(sandbox(t, { profile }).exec('no-such-program-anywhere'), missing);
    await assert.rejects(sandbox(t, { profile }).exec(path.join(folder(), 'no-such-program')), missing);
  });

  test(`arguments, input and output come byte for byte, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile });
    const args = ['', ' ', 'a b', '"', '\\', '\\\\"', 'a\\', 'a b\\', '%PATH%', '!x!', '^&|<>()', "'", '$HOME', '*', 'ü €', '\u{1F600}', 'tab\t', 'line\nline'];
    const result = await node(box, 'process.stdout.write(JSON.stringify(process.argv.slice(1)))', args);
    assert.deepEqual(JSON.parse(result.stdout), args);
    const input = Buffer.from(Array.from({ length: 256 * 1024 }, (_, index) => index % 256));
    const echoed = await node(box, 'process.stdin.pipe(process.stdout)', [], { input, encoding: 'buffer' });
    assert.ok(echoed.stdout.equals(input));
  });
}

for (const profile of ['offline', 'net-read-only', 'workspace-write', 'workspace-net']) {
  test(`what is enforced is told, and what isn't, under ${profile}`, async (t) => {
    // What is told of refusals on a Mac depends on when its log opens.
    const run = (enforcement) => node(sandbox(t, { profile, enforcement, denials: 'off' }), '0');
    const lacks = ({ unenforced }) => unenforced.filter(({ cause }) => cause === 'machine');
    const { enforcement } = await run('best-effort');
    assert.equal(enforcement.profile, profile);
    assert.ok(enforcement.filesystem.length > 0);
    assert.notEqual(enforcement.network, 'host');
    for (const { promise, reason } of enforcement.unenforced) assert.ok(promise && reason);
    // What the machine can't hold is refused where it is required.
    if (lacks(enforcement).length === 0) assert.deepEqual((await run('required')).enforcement, enforcement);
    else await assert.rejects(run('required'), { code: 'SandboxUnavailable' });
  });
}

/** Which mechanisms a platform has. */
const BOUNDARIES = { linux: ['mounts', 'landlock'], darwin: ['seatbelt'], win32: ['app-container', 'restricted-token'] };

for (const profile of ['offline', 'net-read-only', 'workspace-write', 'workspace-net']) {
  test(`the network is what the result says, under ${profile}`, async (t) => {
    const server = net.createServer((socket) => socket.end());
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const connect = "require('node:net').connect(+process.argv[1], '127.0.0.1', () => process.exit(0)).on('error', () => process.exit(9))";
    const { exitCode, enforcement } = await node(sandbox(t, { profile, enforcement: 'best-effort' }), connect, [String(server.address().port)]);
    const lacks = (promise) => enforcement.unenforced.some((missing) => missing.promise === promise);
    assert.ok(enforcement.filesystem.every((boundary) => BOUNDARIES[process.platform].includes(boundary)), enforcement.filesystem.join());
    if (enforcement.network !== 'unfiltered') assert.equal(exitCode, 9);
    // What is open is said, as that which the profile promises.
    else assert.ok(lacks(profile.includes('net') ? 'network-filter' : 'network'));
  });

  test(`what is told of refusals is true, under ${profile}`, async (t) => {
    const file = path.join(folder(), 'file');
    const write = (box) => node(box, WRITE, [file]);
    const told = await write(sandbox(t, { profile, enforcement: 'best-effort' }));
    assert.notEqual(told.exitCode, 0);
    const about = told.denials.filter((denial) => denial.path === file);
    // A Mac leaves out what programs do that aren't Apple's; Windows tells nothing.
    if (process.platform === 'linux' && told.enforcement.denials === 'full') assert.equal(about.length, 1);
    if (process.platform === 'win32') assert.deepEqual([told.denials, told.enforcement.denials], [[], 'off']);
    for (const { kind, rule, reason, pid } of about) assert.ok(kind === 'write' && rule && reason && pid > 0);
    assert.ok(told.denials.every((denial) => denial.kind === 'connect' || path.isAbsolute(denial.path)));
    const untold = await write(sandbox(t, { profile, enforcement: 'best-effort', denials: 'off' }));
    assert.deepEqual([untold.denials, untold.enforcement.denials], [[], 'off']);
    assert.equal(existsSync(file), false);
  });

  test(`the tmp is the sandbox's own, and gone with it, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, enforcement: 'best-effort' });
    const mark = `codex-${process.pid}-${path.basename(folder())}`;
    const file = `require('node:path').join(require('node:os').tmpdir(), ${JSON.stringify(mark)})`;
    const { stdout, stderr } = await node(box, `require('node:fs').writeFileSync(${file}, ''); process.stdout.write(${file})`);
    assert.ok(path.isAbsolute(stdout), stderr);
    assert.equal((await node(box, `process.exit(require('node:fs').existsSync(${file}) ? 7 : 8)`)).exitCode, 7, 'its runs share it');
    const other = sandbox(t, { profile, enforcement: 'best-effort' });
    assert.equal((await node(other, `process.exit(require('node:fs').existsSync(${file}) ? 7 : 8)`)).exitCode, 8, 'others have their own');
    await box.close();
    assert.equal(existsSync(stdout), false);
  });
}

test('what exists and makes the host run code later stays as it is', async (t) => {
  const workspace = folder();
  const kept = ['.git/hooks/pre-commit', '.git/config', '.vscode/settings.json', '.envrc'].map((name) => path.join(workspace, name));
  for (const file of kept) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, 'as it was');
  }
  const box = sandbox(t, { profile: 'workspace-write', workspace });
  for (const file of kept) {
    assert.notEqual((await node(box, WRITE, [file])).exitCode, 0, file);
    await node(box, "require('node:fs').rmSync(process.argv[1], { force: true })", [file]);
    assert.equal(readFileSync(file, 'utf8'), 'as it was');
  }
  assert.equal((await node(box, READ, [kept[0]])).stdout, 'as it was');
  await node(box, "require('node:fs').writeFileSync(process.argv[1], '')", [path.join(workspace, '.git', 'hooks', 'pre-push')]);
  assert.deepEqual(readdirSync(path.join(workspace, '.git', 'hooks')), ['pre-commit']);
});

test('secrets of the environment are not inherited, but under trusted', async (t) => {
  process.env.CODEX_TEST_API_TOKEN = 'secret';
  t.after(() => delete process.env.CODEX_TEST_API_TOKEN);
  const inherited = async (profile) => (await node(sandbox(t, { profile }), 'process.stdout.write(String(process.env.CODEX_TEST_API_TOKEN))')).stdout;
  assert.deepEqual([await inherited('offline'), await inherited('trusted')], ['undefined', 'secret']);
});

for (const profile of ['offline', 'trusted']) {
  test(`a command that is aborted is ended, under ${profile}`, async (t) => {
    const controller = new AbortController();
    const box = sandbox(t, { profile });
    const run = node(box, "process.stdout.write('up'); setInterval(() => {}, 1000)", [], { signal: controller.signal, forceKillAfterDelay: 300 });
    setTimeout(() => controller.abort(), 300);
    const { isCanceled, exitCode, failed } = await run;
    assert.deepEqual([isCanceled, exitCode, failed], [true, null, true]);
  });

  test(`more output than the limit lets ends a command, under ${profile}`, async (t) => {
    const { limit, failed, stdout } = await node(sandbox(t, { profile }), "setInterval(() => process.stdout.write('x'.repeat(65536)), 1)", [], { limits: { output: 1 << 20 } });
    assert.deepEqual([limit, failed], ['output', true]);
    assert.ok(stdout.length >= 1 << 20);
  });

  test(`a sandbox that is closed ends its commands and runs no more, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile });
    const run = node(box, 'setInterval(() => {}, 1000)');
    const ended = assert.rejects(run, { code: 'SandboxUnavailable' });
    await sleep(300);
    await box.close();
    await ended;
    await assert.rejects(node(box, '0'), { code: 'SandboxUnavailable' });
  });

  test(`a command has streams, and what nobody reads of them is captured, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile });
    const start = () => box.spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout); process.stderr.write("err")']);
    const child = start();
    const [out, err] = ['', ''].map((text) => ({ text }));
    child.stdout.setEncoding('utf8').on('data', (text) => (out.text += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err.text += text));
    child.stdin.end('in and out');
    const { exitCode } = await child;
    assert.deepEqual([exitCode, out.text, err.text], [0, 'in and out', 'err']);
    const large = start();
    large.stdin.end(Buffer.alloc(1 << 20, 'x'));
    let bytes = 0;
    for await (const chunk of large.stdout) bytes += chunk.length;
    assert.deepEqual([bytes, (await large).stderr], [1 << 20, 'err']);
    const unread = start();
    unread.stdin.end('in');
    const captured = await unread;
    assert.deepEqual([captured.stdout, captured.stderr], ['in', 'err']);
    const killed = box.spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    killed.on('spawn', () => killed.kill('SIGKILL'));
    assert.equal((await killed).signal, 'SIGKILL');
  });
}

test('trusted promises nothing', async (t) => {
  const { enforcement } = await node(sandbox(t, { profile: 'trusted' }), '0');
  assert.deepEqual([enforcement.filesystem, enforcement.unenforced, enforcement.network], [[], [], 'host']);
});
