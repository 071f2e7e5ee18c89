// A run may have a terminal: one of the sandbox's own, with all that belongs to one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';
import { person } from './support/terminal.mjs';
import { until } from './support/until.mjs';

const PTY = { stdio: 'pty' };

for (const profile of [...RESTRICTED, 'trusted']) {
  test(`under ${profile} programs find it, its name and its size`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const script = 'test -t 0 && test -t 1 && test -t 2 && echo all; tty; stty size; [ "$(tty)" -ef /dev/stdin ] && echo same; echo through > /dev/tty';
    const { stdout, stderr, exitCode } = await box.spawn('sh', ['-c', script], { ...PTY, columns: 132, rows: 43 });
    assert.match(stdout, /^all\r\n\/dev\/pts\/\d+\r\n43 132\r\nsame\r\nthrough\r\n$/);
    assert.deepEqual([stderr, exitCode], ['', 0]);
  });
}

test('it is the controlling terminal of a session of its own', async (t) => {
  const { stdout } = await sandbox(t, { workspace: workspace() }).spawn('cat', ['/proc/self/stat'], PTY);
  const [, , group, session, terminal, foreground] = stdout.replace(/^.*\) /s, '').split(' ');
  assert.notEqual(terminal, '0');
  assert.equal(group, session);
  assert.equal(foreground, group);
});

test('keys are signals', async (t) => {
  // Without a child: some shells lose a signal that comes while they make one.
  const box = sandbox(t, { workspace: workspace() });
  const interrupted = person(box.spawn('sh', ['-c', 'echo ready; read line'], PTY));
  await interrupted.sees('ready');
  interrupted.type('\x03');
  assert.equal((await interrupted.run).signal, 'SIGINT');
  const quit = person(box.spawn('sh', ['-c', 'trap "echo handled; exit 3" QUIT; echo ready; read line'], PTY));
  await quit.sees('ready');
  quit.type('\x1c');
  assert.equal((await quit.run).exitCode, 3);
});

test('a shell has its jobs', async (t) => {
  const { run, type, sees } = person(sandbox(t, { workspace: workspace() }).spawn('bash', ['--norc', '--noprofile', '-i'], { ...PTY, env: { ...process.env, PS1: '> ' } }));
  await sees('> ');
  // A shell that is stopped while its child has not begun yet waits for it, and doesn't stop.
  type('sh -c \'echo st""arted; exec sleep 60\'\r');
  await sees('started');
  type('\x1a');
  await sees('Stopped');
  type('kill -KILL %1; while kill -0 %1; do sleep 0.05; done 2>/dev/null; echo g""one\r');
  await sees('gone');
  type('exit 7\r');
  assert.equal((await run).exitCode, 7);
});

test('a new size is told', async (t) => {
  const { run, sees } = person(sandbox(t, { workspace: workspace() }).spawn('bash', ['-c', 'trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.05; done'], PTY));
  await sees('ready');
  run.resize(100, 50);
  await sees('50 100');
  assert.equal((await run).exitCode, 0);
  const without = sandbox(t, { workspace: workspace() }).spawn('true');
  assert.throws(() => without.resize(1, 1), TypeError);
  await without;
});

test('ending the stream writes an end of file', async (t) => {
  const { run, sees } = person(sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'cat; echo ended'], PTY));
  run.stdin.end('a line\n');
  await sees('a line\r\na line\r\n');
  await sees('ended');
  assert.equal((await run).exitCode, 0);
});

test('all output arrives, also what a closed terminal is opened for again', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const { stdout } = await box.spawn('seq', ['100000'], PTY);
  assert.ok(stdout.endsWith('\r\n99999\r\n100000\r\n'));
  assert.equal(stdout.split('\n').length, 100_001);
  const again = await box.spawn('sh', ['-c', 'echo one; exec < /dev/null > /dev/null 2>&1; sleep 0.2; echo two > /dev/tty'], PTY);
  assert.equal(again.stdout, 'one\r\ntwo\r\n');
});

test('a slow reader holds the program up', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('yes', [], PTY);
  const stream = run.stdout;
  await new Promise((resolve) => stream.once('readable', resolve));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(stream.readableLength < 1e6, `${stream.readableLength} bytes were read ahead`);
  assert.equal(run.kill('SIGKILL'), true);
  stream.resume();
  assert.equal((await run).signal, 'SIGKILL');
});

test('errors may be apart', async (t) => {
  const { stdout, stderr } = await sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'test -t 1 && ! test -t 2 && echo out; echo err >&2'], { stdin: 'ignore', stdout: 'pty', stderr: 'pipe' });
  assert.deepEqual([stdout, stderr], ['out\r\n', 'err\n']);
});

test('terminals of the host and of another sandbox are not there', async (t) => {
  const one = person(sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'tty; read x'], PTY));
  await one.sees('/dev/pts/0');
  const { stdout } = await sandbox(t, { workspace: workspace() }).spawn('ls', ['/dev/pts'], { ...PTY });
  assert.deepEqual(stdout.trim().split(/\s+/).sort(), ['0', 'ptmx']);
  one.type('\r');
  await one.run;
});

test('programs make terminals of their own', async (t) => {
  const script = 'import os, pty; pid, fd = pty.fork(); pid or os.execvp("tty", ["tty"]); print(os.read(fd, 100).decode().strip(), os.waitpid(pid, 0)[1])';
  const { stdout } = await sandbox(t, { workspace: workspace() }).exec('python3', ['-c', script]);
  assert.equal(stdout, '/dev/pts/0 0\n');
});

test('it is hung up when nobody is left at it', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (const script of ['echo ready; sleep 3600', 'echo ready; yes', 'trap "" HUP; echo ready; cat; exit 0']) {
    const run = box.spawn('sh', ['-c', script], PTY);
    run.stdout.once('data', () => run.stdout.destroy());
    const { exitCode, signal } = await run;
    assert.ok(signal === 'SIGHUP' || exitCode === 0, `${script}: ${signal ?? exitCode}`);
  }
});

test('it is hung up as well when they leave before the program is there', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  for (let count = 0; count < 4; count += 1) {
    const run = box.spawn('sleep', ['20'], { stdio: 'pty' });
    run.stdout.destroy();
    assert.equal((await run).signal, 'SIGHUP');
  }
});

test('nothing of it stays open', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  await box.spawn('true', PTY);
  const masters = () => readdirSync('/proc/self/fd').filter((number) => {
    try {
      return /tty-index/.test(readFileSync(`/proc/self/fdinfo/${number}`, 'utf8'));
    } catch {
      return false;
    }
  }).length;
  const before = masters();
  for (let turn = 0; turn < 5; turn++) {
    await box.spawn('true', PTY);
    const read = box.spawn('true', PTY);
    read.stdout.resume();
    await once(read, 'close');
  }
  await until(() => masters() <= before, 'closed terminals');
});
