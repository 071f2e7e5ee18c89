// `Sandbox.childProcess()`: Node's own functions, with every process in the sandbox.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, openSync, closeSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import real from 'node:child_process';
import { ExecPolicy } from '../index.js';
import { answer, script } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';
import { gone, started, unusualSleep } from './support/processes.mjs';
import { sandbox } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

// As in Node, a child process starts where its parent stands; the tmp of the host, where a checkout may lie, is no such place
// in a sandbox.
process.chdir(outside());

function under(t, options = {}) {
  const folder = workspace();
  return { folder, cp: sandbox(t, { profile: 'workspace-write', workspace: folder, ...options }).childProcess() };
}

const FORBIDDEN = (file) => `echo x > ${file}; echo "wrote $?"; grep -E "^(Seccomp|NoNewPrivs):" /proc/self/status`;
const HELD = /^wrote [12]\nNoNewPrivs:\t1\nSeccomp:\t2\n$/;

test('every function holds the profile', async (t) => {
  const { cp, folder } = under(t);
  const file = path.join(outside(), 'written');
  const script = FORBIDDEN(file);
  const spawned = cp.spawn('sh', ['-c', script], { cwd: folder });
  assert.match(await text(spawned.stdout), HELD);
  const options = { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'], encoding: 'utf8' };
  assert.match((await promisify(cp.exec)(script, options)).stdout, HELD);
  assert.match((await promisify(cp.execFile)('sh', ['-c', script], options)).stdout, HELD);
  assert.match(cp.execSync(script, options), HELD);
  assert.match(cp.execFileSync('sh', ['-c', script], options), HELD);
  assert.match(cp.spawnSync('sh', ['-c', script], options).stdout, HELD);
  assert.match(cp.spawnSync(script, { ...options, shell: true }).stdout, HELD);
  const made = new cp.ChildProcess();
  made.spawn({ file: 'sh', args: ['sh', '-c', script], cwd: folder, envPairs: [`PATH=${process.env.PATH}`], stdio: 'pipe' });
  assert.match(await text(made.stdout), HELD);
  assert.ok(spawned instanceof cp.ChildProcess && spawned instanceof real.ChildProcess);
  writeFileSync(path.join(folder, 'child.cjs'), `
    try { require('node:fs').writeFileSync(${JSON.stringify(file)}, 'x'); process.send('wrote'); } catch (error) { process.send(error.code); }
    process.disconnect();`);
  const [message] = await once(cp.fork(path.join(folder, 'child.cjs'), { cwd: folder }), 'message');
  assert.match(message, /^(EROFS|EACCES)$/);
  assert.equal(existsSync(file), false);
});

test('nothing about the command stands in the process that stands for it', async (t) => {
  const { cp, folder } = under(t);
  const seconds = unusualSleep();
  const child = cp.spawn('sleep', [seconds], { cwd: folder, env: { ...process.env, SECRET_WORD: 'told' } });
  await started(`sleep ${seconds}`);
  assert.match(readFileSync(`/proc/${child.pid}/cmdline`, 'latin1'), /^codex-launcher\0\d\0$/);
  assert.equal(readFileSync(`/proc/${child.pid}/environ`, 'latin1'), '');
  assert.deepEqual([child.spawnfile, child.spawnargs], ['sleep', ['sleep', seconds]]);
  child.kill();
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
});

test('environment, directory and name are passed', async (t) => {
  const { cp, folder } = under(t);
  const child = cp.spawn('sh', ['-c', 'echo "$0 $ADDED $NODE_OPTIONS"; pwd'], { cwd: '/etc', argv0: 'other', env: { ...process.env, ADDED: 'yes' } });
  assert.equal(await text(child.stdout), 'other yes \n/etc\n');
  assert.equal(cp.execSync('pwd', { cwd: folder, encoding: 'utf8' }), `${folder}\n`);
});

test('codes and signals arrive', async (t) => {
  const { cp } = under(t);
  assert.deepEqual(await once(cp.spawn('sh', ['-c', 'exit 7']), 'exit'), [7, null]);
  assert.deepEqual(await once(cp.spawn('sh', ['-c', 'kill -SEGV $$']), 'exit'), [null, 'SIGSEGV']);
  assert.deepEqual([cp.spawnSync('false').status, cp.spawnSync('sh', ['-c', 'kill -TERM $$']).signal], [1, 'SIGTERM']);
  assert.throws(() => cp.execSync('echo said >&2; exit 3', { stdio: 'pipe' }), { status: 3, message: /^Command failed: echo said >&2; exit 3\nsaid/ });
  await assert.rejects(promisify(cp.exec)('echo out; exit 4'), { code: 4, stdout: 'out\n', cmd: 'echo out; exit 4' });
});

test('signals reach the program', async (t) => {
  const { cp } = under(t);
  const child = cp.spawn('sh', ['-c', 'trap "echo handled; exit 5" USR2; echo ready; while :; do sleep 0.05; done']);
  await once(child.stdout, 'data');
  assert.equal(child.kill('SIGUSR2'), true);
  assert.deepEqual(await once(child, 'exit'), [5, null]);
});

test('the tree ends with the process that stands for it', async (t) => {
  const { cp } = under(t);
  const [one, two, three] = [unusualSleep(), unusualSleep(), unusualSleep()];
  const child = cp.spawn('sh', ['-c', `setsid sleep ${one} & wait`]);
  await started(`sleep ${one}`);
  child.kill('SIGKILL');
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
  await gone(`sleep ${one}`);
  const timed = cp.spawnSync('sh', ['-c', `sleep ${two} & wait`], { timeout: 500, killSignal: 'SIGKILL' });
  assert.equal(timed.error.code, 'ETIMEDOUT');
  await gone(`sleep ${two}`);
  const abort = new AbortController();
  const aborted = cp.spawn('sleep', [three], { signal: abort.signal });
  await started(`sleep ${three}`);
  const failed = once(aborted, 'error');
  abort.abort();
  assert.equal((await failed)[0].name, 'AbortError');
  await gone(`sleep ${three}`);
});

test('a missing program is an error in Node\'s own words', async (t) => {
  const { cp } = under(t);
  const [error] = await once(cp.spawn('no-such-program', ['a']), 'error');
  const [expected] = await once(real.spawn('no-such-program', ['a']), 'error');
  assert.deepEqual({ ...error, message: error.message }, { ...expected, message: expected.message });
  const sync = cp.spawnSync('no-such-program', ['a']).error;
  const expectedSync = real.spawnSync('no-such-program', ['a']).error;
  assert.deepEqual({ ...sync, message: sync.message }, { ...expectedSync, message: expectedSync.message });
  assert.throws(() => cp.execFileSync('/etc/passwd'), { code: 'EACCES' });
  assert.throws(() => cp.spawn(''), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => cp.spawn('a\0b'), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('a program that is missing inside alone is said on standard error', async (t) => {
  const { cp } = under(t);
  const file = path.join('/tmp', `codex-program-${process.pid}`);
  writeFileSync(file, '#!/bin/sh\ntouch /tmp/ran\n', { mode: 0o755 });
  t.after(() => real.execFileSync('rm', ['-f', file]));
  const { status, stderr } = cp.spawnSync(file, { encoding: 'utf8' });
  assert.equal(status, 127);
  assert.match(stderr, /^codex: program not found/);
});

test('streams of every kind', async (t) => {
  const { cp, folder } = under(t);
  const file = openSync(path.join(folder, 'out'), 'w+');
  const child = cp.spawn('sh', ['-c', 'cat <&4; echo file; echo "to the pipe" >&3; ls /proc/$$/fd'], { stdio: ['ignore', file, 'ignore', 'pipe', 'pipe'] });
  child.stdio[4].end('given\n');
  assert.equal(await text(child.stdio[3]), 'to the pipe\n');
  await once(child, 'close');
  closeSync(file);
  assert.deepEqual(readFileSync(path.join(folder, 'out'), 'utf8').split('\n').filter((line) => line !== '10').slice(0, 7), ['given', 'file', '0', '1', '2', '3', '4']);
  assert.equal(child.stdio.length, 5);
  const { output, stdout } = cp.spawnSync('cat', { input: 'x'.repeat(500_000) });
  assert.deepEqual([output.length, stdout.length], [3, 500_000]);
});

test('messages and handles go both ways', async (t) => {
  const { cp, folder } = under(t);
  const program = path.join(folder, 'child.cjs');
  writeFileSync(program, `
    process.on('message', (message, server) => {
      if (server === undefined) return process.send({ got: message });
      server.on('connection', (socket) => socket.end('from inside'));
      process.send('listening');
    });`);
  const child = cp.fork(program, [], { cwd: folder, serialization: 'advanced' });
  child.send({ a: new Map([[1, 2]]) });
  assert.deepEqual((await once(child, 'message'))[0], { got: { a: new Map([[1, 2]]) } });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  child.send('server', server);
  assert.equal((await once(child, 'message'))[0], 'listening');
  server.close();
  const { connect } = await import('node:net');
  assert.equal(await text(connect(port, '127.0.0.1')), 'from inside');
  child.disconnect();
  child.kill();
  await once(child, 'exit');
});

test('the exec policy judges', async (t) => {
  const { cp, folder } = under(t, { policy: ExecPolicy.builtin() });
  const refused = cp.spawnSync('touch', ['made'], { cwd: folder, encoding: 'utf8' });
  assert.equal(refused.status, 125);
  assert.match(refused.stderr, /^codex: the exec policy asks before `touch made`/);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(cp.spawnSync('ls', { cwd: folder }).status, 0);
});

test('another user can\'t be had', (t) => {
  const { cp } = under(t);
  assert.throws(() => cp.spawn('id', { uid: process.getuid() + 1 }), { code: 'ERR_INVALID_ARG_VALUE' });
  assert.throws(() => cp.spawnSync('id', { gid: process.getgid() + 1 }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('a closed sandbox runs nothing', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const cp = box.childProcess();
  assert.equal(box.childProcess(), cp);
  await box.close();
  const { status, stderr } = cp.spawnSync('true', { encoding: 'utf8' });
  assert.equal(status, 125);
  assert.match(stderr, /^codex: the sandbox is closed/);
});

test('Node\'s own functions are left alone, and nothing piles up', async (t) => {
  const { cp } = under(t);
  const open = () => readdirSync('/proc/self/fd').length;
  cp.spawnSync('true');
  const before = open();
  for (let turn = 0; turn < 10; turn++) {
    cp.spawnSync('true');
    await once(cp.spawn('true', { stdio: 'ignore' }), 'exit');
    await once(cp.spawn('no-such-program'), 'error');
    assert.throws(() => cp.spawn('true', { stdio: ['other'] }), TypeError);
  }
  await until(() => open() <= before + 2, 'closed descriptors');
  assert.match(real.execSync('grep NoNewPrivs /proc/self/status', { encoding: 'utf8' }), /\t0\n/);
});

test('a process that is killed before its program runs leaves no pipe open', async (t) => {
  for (let turn = 0; turn < 5; turn++) {
    const { cp, folder } = under(t);
    const child = cp.spawn('sleep', ['60'], { cwd: folder });
    if (turn % 2 === 0) await once(child, 'spawn');
    child.kill('SIGKILL');
    const [code, signal] = await once(child, 'close');
    assert.deepEqual([code, signal], [null, 'SIGKILL']);
  }
});

test('what a prototype was polluted with is no option', async (t) => {
  const { cp, folder } = under(t);
  const words = [];
  Object.prototype.uid = process.getuid() + 1;
  Object.prototype.shell = '/bin/false';
  try {
    words.push(cp.execSync('echo 1', { cwd: folder }), cp.execFileSync('echo', ['2'], { cwd: folder }), cp.spawnSync('echo', ['3'], { cwd: folder }).stdout);
    words.push(await text(cp.spawn('echo', ['4'], { cwd: folder }).stdout), await text(cp.exec('echo 5', { cwd: folder }).stdout));
  } finally {
    delete Object.prototype.uid;
    delete Object.prototype.shell;
  }
  assert.equal(words.join(''), '1\n2\n3\n4\n5\n');
});

test('arguments are taken as Node takes them', async (t) => {
  const { cp, folder } = under(t);
  for (const absent of [undefined, null, []]) assert.equal(cp.spawnSync('pwd', absent, { cwd: folder, encoding: 'utf8' }).stdout, `${folder}\n`);
  for (const stdio of ['none', 5, {}]) {
    for (const start of ['spawnSync', 'spawn', 'execFileSync']) assert.throws(() => cp[start]('pwd', [], { cwd: folder, stdio }), { code: 'ERR_INVALID_ARG_VALUE' }, `${start} ${stdio}`);
  }
  for (const absent of [null, undefined, '']) assert.equal(cp.spawnSync('pwd', { cwd: folder, stdio: absent, encoding: 'utf8' }).stdout, `${folder}\n`);
  const { execFile } = real;
  real.execFile = () => assert.fail('somebody else is called');
  try {
    assert.deepEqual(await promisify(cp.exec)('pwd', { cwd: folder }), { stdout: `${folder}\n`, stderr: '' });
  } finally {
    real.execFile = execFile;
  }
  assert.throws(() => promisify(cp.exec)('pwd', { cwd: folder, signal: 'none' }), { code: 'ERR_INVALID_ARG_TYPE' });
  for (const options of [undefined, { file: 1 }, { file: 'true', args: 'none' }, { file: 'true', envPairs: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }]) {
    assert.throws(() => new cp.ChildProcess().spawn(options), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: /^The "options.*" / });
  }
});

test('a stream that is left out has no number', async (t) => {
  const { cp, folder } = under(t);
  const script = 'echo out; test -e /dev/fd/3 && echo there; exit 6';
  for (const stdio of [['ignore', 'pipe', 'pipe', 'ignore'], ['pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'pipe']]) {
    const { status, stdout } = cp.spawnSync('sh', ['-c', script], { cwd: folder, stdio, encoding: 'utf8' });
    assert.deepEqual([status, stdout], [6, 'out\n']);
    const child = cp.spawn('sh', ['-c', script], { cwd: folder, stdio });
    assert.equal(await text(child.stdout), 'out\n');
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 6);
  }
});

/** How a program is refused, or how it ends, with all that an error has. */
function outcome(module_, file, options) {
  return new Promise((resolve) => {
    try {
      let said = '';
      const child = module_.spawn(file, ['a b'], options);
      child.on('error', (error) => resolve({ ...error, message: error.message, told: true }));
      child.stdout?.on('data', (piece) => (said += piece));
      child.on('close', (code, signal) => resolve({ code, signal, said }));
    } catch (error) {
      resolve({ ...error, message: error.message, told: false });
    }
  });
}

test('what can\'t be executed is told as Node tells it', async (t) => {
  const { cp, folder } = under(t);
  const files = {
    unnamed: 'echo "$0 got $1"; exit 4', empty: '', carriage: '#!/bin/sh\r\n', missing: '#! /no/such/interpreter -x\n', directory: '#!/etc\n', plain: '#!/etc/passwd x\n',
    relative: '#!unnamed\n', nameless: '#!\necho it ran', endless: `#!/${'x'.repeat(300)}\n`, written: '#!/bin/sh\nexit 7\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content, { mode: 0o755 });
  symlinkSync('circle', path.join(folder, 'circle'));
  const options = { cwd: folder };
  const programs = [...Object.keys(files).map((name) => `./${name}`), './circle', './written/', '/etc/passwd/x', 'x'.repeat(300), `./${'x/'.repeat(3000)}x`, folder, '.'];
  for (const program of programs) {
    assert.deepEqual(await outcome(cp, program, options), await outcome(real, program, options), program);
    const [sync, expected] = [cp, real].map((module_) => module_.spawnSync(program, ['a b'], { ...options, encoding: 'utf8' }));
    assert.deepEqual([sync.status, sync.stdout, sync.error?.code], [expected.status, expected.stdout, expected.error?.code], program);
  }
  // The next one in PATH is tried only where this one is missing.
  for (const name of ['unnamed', 'missing', 'directory', 'circle']) {
    for (const PATH of [`${folder}:/usr/bin:/bin`, `/nonexistent:/etc/passwd:${folder}`]) {
      assert.deepEqual(await outcome(cp, name, { cwd: folder, env: { PATH } }), await outcome(real, name, { cwd: folder, env: { PATH } }), name);
    }
  }
});

test('what is too long for the system is told as Node tells it', async (t) => {
  const { cp, folder } = under(t);
  const long = 'ü'.repeat(70_000);
  const many = Array(100).fill('x'.repeat(100_000));
  for (const [args, env] of [[[long], {}], [many, {}], [[], { LONG: long }], [['x'.repeat(131_071)], {}], [Array(20_000).fill('words'), {}]]) {
    const [got, expected] = [cp, real].map((module_) => {
      try {
        const child = module_.spawn('true', args, { cwd: folder, env: { PATH: process.env.PATH, ...env } });
        child.on('error', () => {});
        return child.spawnargs.length;
      } catch ({ code, message, syscall }) {
        return { code, message, syscall };
      }
    });
    assert.deepEqual(got, expected);
    const sync = [cp, real].map((module_) => module_.spawnSync('true', args, { cwd: folder, env: { PATH: process.env.PATH, ...env } }));
    assert.deepEqual(sync[0].error?.code, sync[1].error?.code);
    assert.equal(sync[0].status, sync[1].status);
  }
});

test('a program in the private tmp can be run', (t) => {
  const { cp, folder } = under(t);
  cp.execSync('printf "#!/bin/sh\\nexit 5\\n" > /tmp/made; chmod +x /tmp/made; printf "#!/tmp/made\\n" > script; chmod +x script', { cwd: folder });
  assert.equal(existsSync('/tmp/made'), false);
  for (const program of ['/tmp/made', './script']) assert.equal(cp.spawnSync(program, { cwd: folder }).status, 5, program);
  assert.equal(cp.spawnSync('/tmp/none', { cwd: folder }).status, 127);
});

test('a program is stopped, and goes on', async (t) => {
  const { cp, folder } = under(t);
  const seconds = unusualSleep();
  const child = cp.spawn('sleep', [seconds], { cwd: folder });
  const [pid] = await started(`sleep ${seconds}`);
  const state = () => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '')[0];
  assert.deepEqual([child.kill('SIGSTOP'), child.killed], [true, true]);
  await until(() => state() === 'T', 'a stopped program');
  assert.equal(child.kill('SIGCONT'), true);
  await until(() => state() !== 'T', 'a program that goes on');
  child.kill();
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
  assert.equal(child.kill('SIGSTOP'), false);
});

test('a signal that comes when the run is over changes nothing', async (t) => {
  const { cp, folder } = under(t);
  const child = cp.spawn('sh', ['-c', 'echo begun; read line; exit 3'], { cwd: folder });
  await once(child.stdout, 'data');
  process.kill(child.pid, 'SIGSTOP');
  await until(() => readFileSync(`/proc/${child.pid}/stat`, 'latin1').replace(/^.*\) /s, '')[0] === 'T', 'a process that stands still');
  child.stdin.end('\n');
  // The program's streams are closed with the run.
  await once(child.stdout, 'end');
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  process.kill(child.pid, 'SIGTERM');
  process.kill(child.pid, 'SIGCONT');
  assert.deepEqual(await once(child, 'exit'), [3, null]);
});

test('a stream that the program has closed is closed at once: nobody else holds its end', async (t) => {
  const { cp } = under(t);
  for (let round = 0; round < 40; round++) {
    const child = cp.spawn('sh', ['-c', 'exec <&-; echo closed; sleep 3600']);
    child.stdout.once('data', () => child.stdin.write('x'));
    const late = setTimeout(() => child.kill(), 10_000);
    const over = once(child, 'close');
    const failure = once(child.stdin, 'error').then(([error]) => error.code);
    const code = await Promise.race([failure, over]);
    clearTimeout(late);
    child.kill();
    await over;
    assert.equal(code, 'EPIPE', `round ${round}`);
  }
});

test('no program begins while a child is being started that may have its streams', async () => {
  const folder = workspace();
  const child = script(`
    const { existsSync } = require('node:fs');
    const { once } = require('node:events');
    const { ChildProcess } = require('node:child_process');
    const { spawn } = ChildProcess.prototype;
    let meanwhile;
    ChildProcess.prototype.spawn = function (options) {
      meanwhile?.();
      return spawn.call(this, options);
    };
    const box = new codex.Sandbox({ profile: 'workspace-write', workspace: facts.folder });
    const cp = box.childProcess();
    (async () => {
      await box.exec('true');
      let run, wasEarly;
      meanwhile = () => {
        run = box.spawn('touch', ['begun'], { cwd: facts.folder });
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        wasEarly = existsSync(facts.folder + '/begun');
      };
      const other = cp.spawn('true', { cwd: facts.folder });
      const [[code], { exitCode }] = await Promise.all([once(other, 'close'), run]);
      await box.close();
      console.log(JSON.stringify([wasEarly, code, exitCode, existsSync(facts.folder + '/begun')]));
    })();`, { folder });
  assert.deepEqual(await answer(child), [false, 0, 0, true]);
});
