// What a run is refused is told, though nothing but Landlock and the filter refuses it: by what their rules are about.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { AuditLog, Sandbox, SecurityProfile, exec } from '../../index.js';
import { codex } from '../support/cli.mjs';
import { lines, newLog } from '../support/logs.mjs';
import { answer, script } from '../support/node.mjs';
import { outside, workspace } from '../support/places.mjs';
import { environmentOf } from '../support/user.mjs';

async function denied(script, options) {
  const { denials } = await exec('sh', ['-c', script], { profile: 'workspace-write', workspace: workspace(), ...options });
  return denials;
}

/** Runs lines of Python of which each may fail, and prints how they did. */
async function python(lines, options) {
  const source = `
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def attempt(line):
    try: exec(line, globals())
    except OSError as error: print(errno.errorcode[error.errno])
    else: print('ok')
def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0: raise OSError(ctypes.get_errno(), '')
for line in ${JSON.stringify(lines)}: attempt(line)`;
  const { stdout, stderr, denials } = await exec('python3', ['-c', source], { profile: 'workspace-write', workspace: workspace(), ...options });
  assert.equal(stderr, '');
  return { outcomes: stdout.trim().split('\n'), denials };
}

test('each way of changing what lies outside, by its path and its system call', async () => {
  const folder = outside();
  writeFileSync(path.join(folder, 'file'), 'x');
  mkdirSync(path.join(folder, 'empty'));
  mkdirSync(path.join(folder, 'full/of'), { recursive: true });
  const attempts = {
    [`open('${folder}/file', 'w')`]: 'file', [`open('${folder}/new', 'a')`]: 'new', [`os.mkdir('${folder}/made')`]: 'made', [`os.remove('${folder}/file')`]: 'file',
    [`os.rmdir('${folder}/empty')`]: 'empty', [`os.rename('${folder}/full', '${folder}/moved')`]: 'full', [`os.symlink('x', '${folder}/link')`]: 'link',
    [`os.link('${folder}/file', '${folder}/hard')`]: 'hard', [`os.mkfifo('${folder}/pipe')`]: 'pipe', [`os.truncate('${folder}/file', 0)`]: 'file',
    [`os.close(os.open('${folder}', os.O_RDWR | os.O_TMPFILE))`]: '', [`open('mine', 'w'); os.rename('mine', '${folder}/taken')`]: 'taken',
    [`os.open('${folder}/file', os.O_RDONLY | os.O_TRUNC)`]: 'file', [`os.mknod('${folder}/node')`]: 'node',
  };
  for (const [line, name] of Object.entries(attempts)) {
    const { outcomes, denials } = await python([line]);
    assert.deepEqual(outcomes, ['EACCES'], line);
    assert.equal(denials.length, 1, `${line}: ${JSON.stringify(denials)}`);
    const [{ kind, path: told, rule, syscall, pid, program, grant }] = denials;
    assert.deepEqual([kind, told, rule], ['write', path.join(folder, name), 'outside-writable-roots'], line);
    assert.ok(pid > 1 && syscall && path.isAbsolute(program), line);
    assert.match(grant, /writable/, line);
  }
});

test('a place is told as it leads there, whatever it is called', async () => {
  const [folder, parent] = [outside(), outside()];
  const [inside, beside] = ['here', 'here-beside'].map((name) => path.join(parent, name));
  for (const made of [inside, beside]) mkdirSync(made);
  symlinkSync(folder, path.join(inside, 'link'));
  writeFileSync(path.join(folder, 'file'), '');
  symlinkSync(path.join(folder, 'file'), path.join(inside, 'file'));
  const denials = await denied(`
    echo > link/a; cd /usr; echo > ${folder}/../${path.basename(folder)}/b; cd ${folder}; echo > c; cd ${inside}; echo > file; echo > ../here-beside/d
    exec 3< ${folder}; echo > /proc/self/fd/3/e; echo > /dev/fd/3/f; echo > link/../${path.basename(folder)}/../g; echo > ${beside}/../here/h`, { workspace: inside });
  const expected = [...['a', 'b', 'c', 'file'].map((name) => path.join(folder, name)), path.join(beside, 'd'), ...['e', 'f'].map((name) => path.join(folder, name)), path.join(path.dirname(folder), 'g')];
  assert.deepEqual(denials.map((denial) => denial.path), expected);
});

test('a directory that may be written may be moved, and one in its place may not', async (t) => {
  const [parent, inside] = [outside(), workspace()];
  const granted = path.join(parent, 'granted');
  mkdirSync(granted);
  const box = new Sandbox({ profile: SecurityProfile.named('workspace-write', { writable: [granted] }), workspace: inside });
  t.after(() => box.close());
  const write = (where) => box.exec('sh', ['-c', `echo > ${where}/file`]);
  assert.deepEqual((await write(granted)).denials, []);
  renameSync(granted, path.join(parent, 'moved'));
  mkdirSync(granted);
  const [moved, replaced] = [await write(path.join(parent, 'moved')), await write(granted)];
  assert.deepEqual([moved.exitCode, moved.denials], [0, []]);
  assert.notEqual(replaced.exitCode, 0);
  assert.deepEqual(replaced.denials.map((denial) => [denial.path, denial.rule]), [[path.join(granted, 'file'), 'read-only-file-system']]);
});

test('each thing once, and no more than a hundred', async () => {
  const folder = outside();
  assert.equal((await denied(`for i in 1 2 3 4 5; do echo > ${folder}/same; done`)).length, 1);
  const many = await denied(`i=0; while [ $i -lt 300 ]; do true > ${folder}/n$i; i=$((i+1)); done`);
  assert.equal(many.length, 100);
});

test('what the machine shows of itself, the tmp and a cache, each with what is so here', async () => {
  const home = outside();
  mkdirSync(path.join(home, '.npm'));
  const results = await answer(script(`(async () => {
    const command = 'sh -c "echo 0 > /proc/\\\\$\\\\$/oom_score_adj"; echo 0 > /proc/self/oom_score_adj; echo x > /dev/new; echo x > /dev/ptmx; echo x > /tmp/x; echo x > /dev/shm/x; echo x > ~/.npm/x; echo x > $TMPDIR/x';
    const { denials } = await codex.exec('sh', ['-c', command], { profile: 'workspace-write', workspace: facts });
    process.stdout.write(JSON.stringify(denials.map(({ path, rule, grant, reason }) => [path.replace(/^\\/proc\\/\\d+/, '/proc/N'), rule, reason, grant])));
  })();`, workspace()), { env: environmentOf(home) });
  const reasons = {};
  const rows = results.map(([told, rule, reason, grant]) => {
    reasons[told] = reason;
    return [told, rule, grant ?? null];
  });
  const cache = path.join(home, '.npm');
  assert.deepEqual(rows, [
    ['/proc/N/oom_score_adj', 'system-files', null], ['/dev/new', 'system-files', null], ['/dev/ptmx', 'system-files', null], ['/tmp/x', 'no-private-tmp', null],
    ['/dev/shm/x', 'no-private-tmp', null], [path.join(cache, 'x'), 'no-overlay', `add writable: ["${cache}"]`],
  ]);
  assert.match(reasons['/dev/ptmx'], /the machine's/);
  assert.match(reasons['/tmp/x'], /TMPDIR/);
});

test('a program that is hidden, and one that was put beside it', async (t) => {
  const folder = outside();
  const put = (name, mode = 0o755) => writeFileSync(path.join(folder, name), '#!/bin/sh\necho ran\n', { mode });
  ['denied', 'open'].forEach((name) => put(name));
  put('none', 0o644);
  const [hidden, plain] = ['denied', 'none'].map((name) => path.join(folder, name));
  const profile = SecurityProfile.named('workspace-write', { denyRead: [hidden, plain] });
  const box = new Sandbox({ profile, workspace: workspace() });
  t.after(() => box.close());
  await box.exec('true');
  put('late');
  symlinkSync('denied', path.join(folder, 'link'));
  const { stdout, stderr, denials, hints } = await box.exec('sh', ['-c', `cd ${folder}; ./denied; ${folder}/link; ./open; ./absent; ./none; cd /; ${folder}/late; ${folder}`]);
  assert.equal(stdout, 'ran\n');
  assert.match(stderr, /Permission denied/);
  const told = denials.map(({ kind, path: denied, syscall, rule }) => [kind, path.relative(folder, denied), syscall, rule]);
  assert.deepEqual(told, [['exec', 'denied', 'execve', 'deny-read'], ['exec', 'late', 'execve', 'beside-hidden']]);
  assert.match(denials[0].grant, /denyRead/);
  assert.match(hints.join('\n'), /to execute .*denied" was refused/);
});

test('a socket of the internet, once, whatever it was for', async () => {
  for (const profile of ['offline', 'workspace-write']) {
    const families = ['AF_INET', 'AF_INET6', 'AF_UNIX', 'AF_NETLINK'];
    const sockets = families.flatMap((family) => [`socket.socket(socket.${family}, socket.SOCK_STREAM)`, `socket.socket(socket.${family}, socket.SOCK_DGRAM)`]);
    const { outcomes, denials } = await python([...sockets, 'socket.socketpair()'], { profile });
    assert.deepEqual(outcomes, [...Array(8).fill('EAFNOSUPPORT'), 'ok']);
    const told = denials.map(({ kind, address, path: denied, rule, syscall }) => [kind, address, denied, rule, syscall]);
    assert.deepEqual(told, [['connect', undefined, undefined, 'no-network', 'socket']]);
    assert.match(denials[0].reason, /no loopback/);
    assert.match(denials[0].grant, /profile/);
  }
  const { hints } = await exec('python3', ['-c', 'import socket; socket.socket()'], { workspace: workspace() });
  assert.match(hints.join('\n'), /a connection to the internet was refused/);
  const { denials } = await python(['socket.socket()', 'socket.socket(socket.AF_INET6)'], { profile: 'workspace-net' });
  assert.deepEqual(denials, []);
});

test('nothing for what is allowed, for what fails by itself, and for what only reads', async () => {
  const inside = workspace();
  const closed = path.join(inside, 'closed');
  writeFileSync(closed, '');
  chmodSync(closed, 0o400);
  mkdirSync(path.join(inside, 'sealed'));
  chmodSync(path.join(inside, 'sealed'), 0o500);
  const denials = await denied(`
    echo x > new; mkdir -p a/b; mv new a; ln a/new a/again; rm -r a; echo x > $TMPDIR/x; mv $TMPDIR/x y; cp y $TMPDIR; echo x > /dev/null; cat /etc/hosts > copy; mktemp
    cat /no/such/file; mkdir -p /usr/bin; mkdir /usr; echo x > /no/such/folder/file; cat < /etc/passwd; test -w /etc/passwd; ls -la /; rm -f /etc/absent; rmdir /etc/absent
    mv /etc/absent x; mv -n y copy; ln -s x link; ln -s x link; echo x > closed; echo x > sealed/x; rm -f sealed/y; ./copy; chmod 600 y; touch y
    echo x > /dev/stdout; echo x > /dev/fd/2; echo x > /proc/self/fd/1; bash -c 'echo x | tee >(cat) > copy'; mkfifo pipe; (echo x > pipe &); cat pipe; exec 4> held; rm held; echo x > /proc/self/fd/4`, { workspace: inside });
  assert.deepEqual(denials, []);
});

test('nothing for what the kernel refuses before it asks for a right', async () => {
  const folder = outside();
  writeFileSync(path.join(folder, 'file'), '');
  symlinkSync('file', path.join(folder, 'link'));
  const [AT_FDCWD, RENAMEAT2, NOREPLACE, EXCHANGE, MEMFD] = [-100, 316, 1, 2, 319];
  const move = (from, to, flags) => `call(${RENAMEAT2}, ${AT_FDCWD}, b'${from}', ${AT_FDCWD}, b'${to}', ${flags})`;
  const { outcomes, denials } = await python([
    `os.open('${folder}/file', os.O_CREAT | os.O_EXCL | os.O_WRONLY)`, `os.open('${folder}/link', os.O_WRONLY | os.O_NOFOLLOW)`, `os.open('${folder}', os.O_WRONLY)`,
    `os.mkdir('${folder}/file')`, `os.remove('${folder}/absent')`, `os.rename('${folder}/absent', 'x')`, `os.truncate('${folder}/absent', 0)`, `os.truncate('${folder}', 0)`,
    `os.link('${folder}/absent', '${folder}/hard')`, "open('mine', 'w')", move('mine', `${folder}/file`, NOREPLACE), move('mine', `${folder}/absent`, EXCHANGE),
    `os.open('${folder}/file', os.O_PATH | os.O_RDWR)`, `file = libc.syscall(${MEMFD}, b'x', 0); open(f'/proc/self/fd/{file}', 'w')`, "open('/dev/full', 'w')",
  ]);
  assert.deepEqual(outcomes, ['EEXIST', 'ELOOP', 'EISDIR', 'EEXIST', 'ENOENT', 'ENOENT', 'ENOENT', 'EISDIR', 'ENOENT', 'ok', 'EEXIST', 'ENOENT', 'ok', 'ok', 'ok']);
  assert.deepEqual(denials, []);
});

test('a directory that may be written is held in place', async () => {
  const inside = workspace();
  const denials = await denied(`cd /; mv ${inside} ${inside}-moved; rmdir ${inside}`, { workspace: inside });
  assert.deepEqual(denials.map(({ path: told, rule, grant }) => [told, rule, grant]), [[inside, 'held-in-place', undefined]]);
});

test('deep down, and where a directory is gone', async () => {
  const [inside, folder] = [workspace(), outside()];
  const deep = 'd/'.repeat(300);
  for (const parent of [inside, folder]) mkdirSync(path.join(parent, deep), { recursive: true });
  const command = `cd ${inside}/${deep} && echo > file && cd ${folder}/${deep} && echo > file; cd ${inside} && mkdir gone && cd gone && rmdir ../gone && echo > file`;
  const denials = await denied(command, { workspace: inside });
  assert.deepEqual(denials.map((denial) => denial.path), [path.join(folder, deep, 'file')]);
});

test('less of it, or none, and the report says which', async () => {
  const folder = outside();
  const command = `echo > ${folder}/x; python3 -c 'import socket; socket.socket()' 2> /dev/null`;
  const expected = { full: ['write', 'connect'], network: ['connect'], off: [] };
  for (const [told, kinds] of Object.entries(expected)) {
    const { denials, enforcement, exitCode } = await exec('sh', ['-c', command], { workspace: workspace(), denials: told });
    assert.deepEqual([denials.map((denial) => denial.kind), enforcement.denials, exitCode], [kinds, told, 1]);
  }
});

test('where the run is watched by another sandbox already, none is told, and that is said', async (t) => {
  const inner = `
    const codex = require(${JSON.stringify(path.join(import.meta.dirname, '../../index.js'))});
    (async () => {
      const box = new codex.Sandbox({ profile: 'workspace-write', workspace: process.cwd(), enforcement: 'best-effort' });
      const { denials, enforcement } = await box.exec('sh', ['-c', 'echo > /etc/x; python3 -c "import socket; socket.socket()" || touch closed; touch made']);
      await box.close();
      process.stdout.write(JSON.stringify({ told: denials.length, denials: enforcement.denials, network: enforcement.network }));
    })();`;
  const [folder, run] = [workspace(), (box, ...command) => box.exec(...command)];
  const box = new Sandbox({ profile: 'workspace-write', workspace: folder });
  t.after(() => box.close());
  const outer = await run(box, process.execPath, ['-e', inner]);
  assert.equal(outer.exitCode, 0, outer.stderr);
  assert.deepEqual(JSON.parse(outer.stdout), { told: 0, denials: 'off', network: 'blocked' });
  const { stdout } = await run(box, 'ls', []);
  assert.equal(stdout, 'closed\nmade\n');
  assert.ok(outer.denials.some((denial) => denial.path === '/etc/x'), 'the outer one tells it');
});

test('many at once, each run its own', async () => {
  const folder = outside();
  const box = new Sandbox({ workspace: workspace() });
  const results = await Promise.all(Array.from({ length: 24 }, (_, index) => box.exec('sh', ['-c', `echo > ${folder}/run${index}; (echo > ${folder}/again${index})`])));
  await box.close();
  results.forEach(({ denials }, index) => assert.deepEqual(denials.map((denial) => path.basename(denial.path)), [`run${index}`, `again${index}`]));
});

test('a callback is told, the log has records, the command line a sentence', async () => {
  const folder = outside();
  const told = [];
  const file = newLog();
  const audit = await AuditLog.open(file);
  const command = `echo > ${folder}/x; python3 -c 'import socket; socket.socket()' 2> /dev/null`;
  const { denials } = await exec('sh', ['-c', command], { workspace: workspace(), audit, onDenial: (denial) => told.push(denial) });
  await audit.close();
  assert.equal(told.length, 2);
  assert.deepEqual(told, denials);
  const records = lines(file).filter(({ event }) => event === 'denial').map(({ access, decision, rule }) => [access, decision, rule]);
  assert.deepEqual(records, [['write', 'deny', 'read-only-profile'], ['connect', 'deny', 'no-network']]);
  const { stderr } = await codex(['exec', '-v', '--enforcement', 'best-effort', '--workspace', workspace(), '--', 'sh', '-c', command]);
  assert.match(stderr, /codex: denied: write ".*\/x" \(read-only-profile\)/);
  assert.match(stderr, /codex: denied: connect \(no-network\)/);
});

test('programs that are killed while they wait leave nothing behind', async () => {
  const folder = outside();
  const box = new Sandbox({ workspace: workspace() });
  for (let round = 0; round < 10; round++) {
    const { signal } = await box.exec('sh', ['-c', `(while :; do echo > ${folder}/x; done) & (while :; do echo > ${folder}/y; done) & sleep 60`], { timeout: 50, killSignal: 'SIGKILL' });
    assert.equal(signal, 'SIGKILL');
  }
  assert.equal((await box.exec('echo', ['alive'])).stdout, 'alive\n');
  await box.close();
});
