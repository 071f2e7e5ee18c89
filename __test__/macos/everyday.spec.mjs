// On a Mac: everyday programs start and work in every profile, with all that they ask of the system before they do.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test as declare } from 'node:test';
import { Sandbox, SecurityProfile } from '../../index.js';
import { folder } from '../support/any-platform.mjs';
import { tcpServer } from '../support/servers.mjs';

const test = (name, body) => declare(name, { skip: process.platform !== 'darwin' && 'it needs macOS' }, body);
const PROFILES = ['offline', 'net-read-only', 'workspace-write', 'workspace-net', 'trusted'];

/** A sandbox in a repository with one commit. */
function inRepository(t, profile, overrides = {}) {
  const workspace = folder();
  writeFileSync(path.join(workspace, 'main.c'), 'int main(void) { return 0; }\n');
  const git = (...words) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd: workspace });
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'one');
  const box = new Sandbox({ profile: new SecurityProfile(profile, overrides), workspace });
  t.after(() => box.close());
  return { box, workspace };
}

const sh = (box, script, options) => box.exec('/bin/sh', ['-c', script], options);

const EVERYDAY = [
  'git status', 'git log -1', 'git diff', 'sw_vers', 'xcode-select -p', 'xcrun --find clang', '/usr/bin/python3 -V', '/usr/bin/perl -v', '/usr/bin/ruby -v',
  'id', 'whoami', 'hostname', 'date', 'uname -a', 'uptime', 'ls -la /', 'find . -name main.c', 'grep -r main .', 'sed -n 1p main.c', 'awk 1 main.c',
  'sort main.c', 'tar cf - . | tar tf -', 'zip -q - main.c | wc -c', 'curl --version', 'ssh -V', 'openssl version', 'make --version', 'cc --version',
  'plutil -help', 'sysctl -n hw.ncpu', 'df -h .', 'getconf DARWIN_USER_TEMP_DIR', 'zsh -c true', 'bash -c true',
];

for (const profile of PROFILES) {
  test(`everyday programs start, under ${profile}`, async (t) => {
    const { box } = inRepository(t, profile);
    for (const line of EVERYDAY) {
      const { exitCode, stderr } = await sh(box, line);
      assert.equal(exitCode, 0, `${line}: ${stderr}`);
    }
  });

  test(`Node tells of the machine, under ${profile}`, async (t) => {
    const { box } = inRepository(t, profile);
    const script = `const os = require('node:os');
      console.log(JSON.stringify([os.uptime() > 0, os.cpus().length > 0, Object.keys(os.networkInterfaces()).length > 0, os.userInfo().username !== '', os.hostname() !== '']))`;
    const { stdout, stderr } = await box.exec(process.execPath, ['-e', script]);
    assert.deepEqual(JSON.parse(stdout || 'null'), [true, true, true, true, true], stderr);
  });
}

test('a terminal can be made, and others stay closed', async (t) => {
  const { box } = inRepository(t, 'workspace-write');
  for (const line of ['script -q /dev/null true', "/usr/bin/python3 -c 'import pty; pty.openpty()'"]) {
    const { exitCode, stderr } = await sh(box, line);
    assert.equal(exitCode, 0, `${line}: ${stderr}`);
  }
  assert.notEqual((await sh(box, 'cat /dev/rdisk0 | head -c 1')).stdout.length, 1);
});

test('named semaphores and shared memory of worker pools work', async (t) => {
  const { box } = inRepository(t, 'workspace-write');
  const script = `import multiprocessing as m
from multiprocessing import shared_memory
if __name__ == '__main__':
    m.Lock(); s = shared_memory.SharedMemory(create=True, size=64); s.close(); s.unlink()
    with m.Manager() as manager: print(list(manager.list([1])))`;
  const { stdout, stderr } = await sh(box, 'cat > pool.py && /usr/bin/python3 pool.py', { input: script });
  assert.equal(stdout, '[1]\n', stderr);
});

test('compilers find a place for their caches', async (t) => {
  const { box, workspace } = inRepository(t, 'workspace-write');
  const { exitCode, stderr } = await sh(box, 'cc -fmodules -c main.c -o main.o && cc main.o -o main && ./main');
  assert.equal(exitCode, 0, stderr);
  assert.ok(existsSync(path.join(workspace, 'main')));
});

test('a workspace below /tmp is written by both of its names', async (t) => {
  const real = realpathSync(mkdtempSync('/private/tmp/codex-test-'));
  t.after(() => rmSync(real, { recursive: true, force: true }));
  assert.ok(real.startsWith('/private/tmp/'));
  const short = real.replace('/private', '');
  for (const workspace of [short, real]) {
    const box = new Sandbox({ profile: 'workspace-write', workspace });
    t.after(() => box.close());
    const { exitCode, stderr } = await sh(box, `touch '${short}/a' '${real}/b' && pwd -P`);
    assert.equal(exitCode, 0, stderr);
    assert.ok(existsSync(path.join(real, 'a')) && existsSync(path.join(real, 'b')));
  }
  // Nothing else there is open.
  const box = new Sandbox({ profile: 'workspace-write', workspace: real });
  t.after(() => box.close());
  assert.notEqual((await sh(box, 'touch /tmp/codex-other')).exitCode, 0);
});

test('a link to the workspace leads to it', async (t) => {
  const workspace = folder();
  const link = path.join(folder(), 'link');
  symlinkSync(workspace, link);
  const box = new Sandbox({ profile: 'workspace-write', workspace: link });
  t.after(() => box.close());
  assert.equal((await sh(box, `touch '${link}/a' '${workspace}/b'`)).exitCode, 0);
});

test('arguments and variables of processes outside are not seen', async (t) => {
  const other = execFileSync('/bin/sh', ['-c', 'CODEX_SECRET=abc123 /bin/sleep 30 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' }).trim();
  t.after(() => process.kill(Number(other)));
  const ask = `import ctypes, sys
c = ctypes.CDLL(None); size = ctypes.c_size_t(65536); text = ctypes.create_string_buffer(65536)
mib = (ctypes.c_int * 3)(1, 49, ${other})
print(c.sysctl(mib, 3, text, ctypes.byref(size), None, 0), text.raw[:size.value])`;
  for (const profile of PROFILES.filter((name) => name !== 'trusted')) {
    const { box } = inRepository(t, profile);
    const { stdout } = await box.exec('/usr/bin/python3', ['-c', ask]);
    assert.doesNotMatch(stdout, /abc123/);
    assert.doesNotMatch((await sh(box, `ps eww ${other}`)).stdout, /abc123/);
  }
});

test('each of 3000 connections over the loopback is made under trusted, and none under another profile', async (t) => {
  const { port, seen } = await tcpServer(t, '127.0.0.1');
  const script = `const net = require('node:net'); let made = 0;
    const next = (left) => left === 0 ? console.log(made) : net.connect(${port}, '127.0.0.1', function () { made++; this.destroy(); })
      .on('error', () => {}).on('close', () => next(left - 1));
    next(3000);`;
  for (const profile of PROFILES) {
    const { box } = inRepository(t, profile);
    const { stdout, stderr } = await box.exec(process.execPath, ['-e', script]);
    assert.equal(stdout, profile === 'trusted' ? '3000\n' : '0\n', `${profile}: ${stderr}`);
  }
  assert.equal(seen.length, 3000);
});

test('a path of a socket in the tmp is short enough', async (t) => {
  const { box } = inRepository(t, 'workspace-write');
  const { stdout } = await sh(box, 'printf %s "$TMPDIR"');
  assert.ok(!stdout.startsWith('/private/') && path.join(stdout, 'pymp-abcdefgh', 'listener-abcdefgh').length <= 103, stdout);
});

test('names of other letters, signs of regular expressions and blanks are names', async (t) => {
  for (const name of ['a b', 'größe', 'e\u0301', '(x|y)+[z]*', '^$.\\d', "it's", '日本']) {
    const workspace = path.join(folder(), name);
    mkdirSync(workspace);
    const box = new Sandbox({ profile: 'workspace-write', workspace });
    t.after(() => box.close());
    const { exitCode, stderr } = await sh(box, 'echo in > a && mkdir .vscode 2>/dev/null; test ! -e .vscode && cat a');
    assert.equal(exitCode, 0, `${name}: ${stderr}`);
    assert.equal(readFileSync(path.join(workspace, 'a'), 'utf8'), 'in\n');
  }
});
