// What a run is refused is told: by the kernel's own account, not by what the program prints.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { AuditLog, Sandbox, SecurityProfile, exec } from '../index.js';
import { codex } from './support/cli.mjs';
import { lines, newLog } from './support/logs.mjs';
import { answer, script } from './support/node.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { environmentOf } from './support/user.mjs';

async function denied(script, options) {
  const { denials } = await exec('sh', ['-c', script], { profile: 'workspace-write', workspace: workspace(), ...options });
  return denials;
}

test('each way of changing what lies outside, by its path and its system call', async () => {
  const folder = outside();
  writeFileSync(path.join(folder, 'file'), 'x');
  mkdirSync(path.join(folder, 'empty'));
  mkdirSync(path.join(folder, 'full/of'), { recursive: true });
  const before = snapshot(folder);
  const script = `
    cd ${folder}
    echo y > file; echo y >> ./file; true > new; mkdir made; rm -f file; rmdir empty; rmdir full; mv file moved; ln -s x link; ln file hard
    chmod 777 file; truncate -s 0 file; python3 -c 'import os; os.chown("file", -1, os.getgid())'; mkfifo pipe`;
  const denials = await denied(script);
  assert.equal(snapshot(folder), before);
  const names = new Set(denials.map((denial) => path.relative(folder, denial.path)));
  for (const name of ['file', 'new', 'made', 'empty', 'full', 'link', 'hard', 'pipe']) assert.ok(names.has(name), `${name} in ${[...names]}`);
  for (const denial of denials) {
    assert.equal(denial.kind, 'write');
    assert.equal(denial.rule, 'outside-writable-roots');
    assert.ok(denial.pid > 1 && denial.syscall && path.isAbsolute(denial.program), JSON.stringify(denial));
    assert.match(denial.grant, /writable/);
  }
});

test('each thing once, and no more than a hundred', async () => {
  const folder = outside();
  assert.equal((await denied(`for i in 1 2 3 4 5; do echo > ${folder}/same; done`)).length, 1);
  const many = await denied(`i=0; while [ $i -lt 300 ]; do true > ${folder}/n$i; i=$((i+1)); done`);
  assert.equal(many.length, 100);
});

test('a path is told as it leads there: relative, through links, from another directory', async () => {
  const folder = outside();
  const inside = workspace();
  symlinkSync(folder, path.join(inside, 'link'));
  const denials = await denied(`echo > link/a; cd /usr; echo > ${folder}/../${path.basename(folder)}/b; cd ${folder}; echo > c`, { workspace: inside });
  assert.deepEqual(denials.map((denial) => denial.path), ['a', 'b', 'c'].map((name) => path.join(folder, name)));
});

test('a name that a mount holds in place', async () => {
  const inside = workspace();
  const git = (...args) => execFileSync('git', ['-C', inside, ...args], { encoding: 'utf8' });
  git('init', '--quiet');
  const before = git('config', '--list', '--local');
  const denials = await denied('git config user.name x; rm .git/config; mv .git elsewhere; rm -f absent; mkdir a && mv a b && rmdir b; rmdir .git', { workspace: inside });
  assert.equal(git('config', '--list', '--local'), before);
  const found = denials.map(({ path: told, syscall, rule, grant }) => [path.relative(inside, told), syscall.replace(/at2?$/, ''), rule, grant]);
  const config = path.join(inside, '.git/config');
  assert.deepEqual(found, [
    ['.git/config', 'rename', 'carve-out', `add writable: ["${config}"]`],
    ['.git', 'rename', 'held-in-place', undefined],
  ]);
  const profile = SecurityProfile.named('workspace-write', { writable: [config] });
  assert.deepEqual(await denied('git config user.name x', { workspace: inside, profile }), []);
  assert.match(git('config', '--list', '--local'), /user\.name=x/);
});

test('what the kernel shows of each process is one thing, which no grant opens', async () => {
  const denials = await denied('for i in 1 2 3; do sh -c "echo 0 > /proc/\\$\\$/oom_score_adj"; done; echo x > /dev/new; true > /sys/new');
  const found = denials.map(({ path: told, rule, grant }) => [told.replace(/\d+/, 'N'), rule, grant]);
  assert.deepEqual(found, ['/proc/N/oom_score_adj', '/dev/new', '/sys/new'].map((told) => [told, 'system-files', undefined]));
});

test('a home is not what a grant opens for a directory in it', async () => {
  const home = outside();
  const results = answer(script(`(async () => {
    const { denials } = await codex.exec('sh', ['-c', 'mkdir ~/.tool; mkdir -p ~/.deep/er; echo > ~/.other/file; echo > ~/.file'], { profile: 'workspace-write', workspace: facts });
    process.stdout.write(JSON.stringify(denials.map(({ path, grant }) => [path, grant])));
  })();`, workspace()), { env: environmentOf(home) });
  const make = (name) => `make the directory "${home}/${name}", and add writable: ["${home}/${name}"]`;
  assert.deepEqual(await results, [
    [`${home}/.tool`, make('.tool')], [`${home}/.deep`, make('.deep')], [`${home}/.file`, `add writable: ["${home}"]`],
  ]);
});

test('a program that is hidden', async () => {
  const folder = outside();
  for (const name of ['denied', 'open']) writeFileSync(path.join(folder, name), '#!/bin/sh\necho ran\n', { mode: 0o755 });
  const script = `cd ${folder}; ./denied; ${folder}/denied; python3 -c 'import subprocess; subprocess.run(["./denied"])' 2> /dev/null; ./open; ./absent`;
  const profile = SecurityProfile.named('workspace-write', { denyRead: [path.join(folder, 'denied')] });
  const { stdout, stderr, denials, hints } = await exec('sh', ['-c', script], { profile, workspace: workspace() });
  assert.equal(stdout, 'ran\n');
  assert.match(stderr, /Permission denied/);
  assert.deepEqual(denials.map(({ kind, path: denied, syscall, rule }) => [kind, denied, syscall, rule]), [['exec', path.join(folder, 'denied'), 'execve', 'deny-read']]);
  assert.match(denials[0].grant, /denyRead/);
  assert.match(hints.join('\n'), /to execute .*denied" was refused/);
});

test('connections that lead out, by address and port, and none of the loopback', async () => {
  const script = `
import socket
for family, address in ((socket.AF_INET, ('192.0.2.7', 81)), (socket.AF_INET6, ('2001:db8::7', 82)), (socket.AF_INET, ('127.0.0.1', 83)), (socket.AF_INET6, ('::1', 84))):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try: socket.socket(family, kind).connect(address)
        except OSError: pass`;
  const { denials, hints } = await exec('python3', ['-c', script], { workspace: workspace() });
  assert.deepEqual(denials.map(({ kind, address, rule, syscall }) => [kind, address, rule, syscall]), [
    ['connect', '192.0.2.7:81', 'no-network', 'connect'], ['connect', '[2001:db8::7]:82', 'no-network', 'connect'],
  ]);
  assert.match(hints.join('\n'), /192\.0\.2\.7:81.*was refused, and 1 more/);
});

test('nothing for what is allowed, for what fails by itself, and for what only reads', async () => {
  const denials = await denied(`
    echo x > new; mkdir -p a/b; mv new a; rm -r a; echo x > /tmp/x; echo x > /dev/null; cat /etc/hosts > copy
    cat /no/such/file; mkdir -p /usr/bin; mkdir /usr; echo x > /no/such/folder/file; cat < /etc/passwd; test -w /etc/passwd; ls -la /
    echo x > /dev/stdout; echo x > /dev/fd/2; echo x > /proc/self/fd/1; bash -c 'echo x | tee >(cat) > copy'`);
  assert.deepEqual(denials, []);
});

test('the program sees the right error', async () => {
  const folder = outside();
  const script = `
import os, errno, socket
def name(call):
    try: call()
    except OSError as error: return errno.errorcode[error.errno]
print(name(lambda: open('${folder}/x', 'w')), name(lambda: os.mkdir('${folder}/y')), name(lambda: os.mkdir('/usr')), name(lambda: os.unlink('/etc/hosts')), name(lambda: socket.socket().connect(('192.0.2.1', 80))))`;
  const { stdout } = await exec('python3', ['-c', script], { workspace: workspace() });
  assert.equal(stdout, 'EROFS EROFS EEXIST EROFS ENETUNREACH\n');
});

test('less of it, or none', async () => {
  const folder = outside();
  const script = `echo > ${folder}/x; python3 -c 'import socket; socket.socket().connect(("192.0.2.1", 80))'`;
  const kinds = async (denials) => (await denied(script, { denials })).map((denial) => denial.kind);
  assert.deepEqual(await kinds('full'), ['write', 'connect']);
  assert.deepEqual(await kinds('network'), ['connect']);
  assert.deepEqual(await kinds('off'), []);
  assert.throws(() => new Sandbox({ denials: 'loud' }), TypeError);
});

test('many at once, each run its own', async () => {
  const folder = outside();
  const sandbox = new Sandbox({ workspace: workspace() });
  const results = await Promise.all(Array.from({ length: 12 }, (_, index) => sandbox.exec('sh', ['-c', `echo > ${folder}/run${index}; echo > ${folder}/again${index}`])));
  await sandbox.close();
  results.forEach(({ denials }, index) => assert.deepEqual(denials.map((denial) => path.basename(denial.path)), [`run${index}`, `again${index}`]));
});

test('names that would speak to a terminal, or are too long, or no text', async () => {
  const folder = outside();
  const { denials, hints } = await exec('python3', ['-c', `
import os
for name in (b'\\x1b[31mred', b'\\xff\\xfe', b'a' * 255):
    try: open(os.path.join(b'${folder}', name), 'w')
    except OSError: pass`], { workspace: workspace() });
  assert.equal(denials.length, 3);
  assert.doesNotMatch(hints.join(), /\x1b/);
  const { stderr } = await codex(['exec', '-v', '--workspace', workspace(), '--', 'sh', '-c', `echo > "${folder}/$(printf '\\033[31mred')" 2>/dev/null`]);
  assert.match(stderr, /denied: write/);
  assert.doesNotMatch(stderr, /denied.*\x1b\[31mred/);
});

test('a callback is told, the log has records, the command line a sentence', async () => {
  const folder = outside();
  const told = [];
  const file = newLog();
  const audit = await AuditLog.open(file);
  const { denials, auditId } = await exec('sh', ['-c', `echo > ${folder}/x`], { workspace: workspace(), audit, onDenial: (denial) => told.push(denial) });
  await audit.close();
  assert.deepEqual(told, denials);
  const [record] = lines(file).filter(({ event }) => event === 'denial');
  assert.deepEqual([record.access, record.decision, record.rule, path.basename(record.path)], ['write', 'deny', 'read-only-profile', 'x']);
  assert.ok(auditId);
  const { stderr } = await codex(['exec', '--workspace', workspace(), '--', 'sh', '-c', `echo > ${folder}/x`]);
  assert.match(stderr, /codex: a write to .* was refused/);
  const { stdout } = await codex(['exec', '--json', '--workspace', workspace(), '--', 'sh', '-c', `echo > ${folder}/x`]);
  assert.equal(JSON.parse(stdout).denials[0].kind, 'write');
});

test('programs that are killed while they wait leave nothing behind', async () => {
  const folder = outside();
  const sandbox = new Sandbox({ workspace: workspace() });
  for (let round = 0; round < 10; round++) {
    const { signal } = await sandbox.exec('sh', ['-c', `(while :; do echo > ${folder}/x; done) & (while :; do echo > ${folder}/y; done) & sleep 60`], { timeout: 50, killSignal: 'SIGKILL' });
    assert.equal(signal, 'SIGKILL');
  }
  assert.equal((await sandbox.exec('echo', ['alive'])).stdout, 'alive\n');
  await sandbox.close();
});
