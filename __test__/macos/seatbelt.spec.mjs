// On a Mac: a command in a sandbox does the forbidden thing for real, and what came of it is looked at from outside.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, test as declare } from 'node:test';
import { Sandbox, SecurityProfile } from '../../index.js';

const test = (name, body) => declare(name, { skip: process.platform !== 'darwin' && 'it needs macOS' }, body);

const made = [];
after(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder of this test's own, outside of the host's temporary directories. */
function folder() {
  const here = realpathSync(mkdtempSync(path.join(process.env.CODEX_TEST_ROOT ?? os.homedir(), 'codex-test-')));
  made.push(here);
  return here;
}

/** Runs a script of sh; `init` narrows or opens the profile. */
async function sh(script, { profile = 'workspace-write', init = {}, workspace = folder(), ...options } = {}) {
  return inside({ profile: new SecurityProfile(profile, init), workspace }, async (sandbox) => ({
    ...(await sandbox.exec('/bin/sh', ['-c', script], options)),
    workspace,
  }));
}

/** Does something with a sandbox, and closes it. */
async function inside(options, use) {
  const sandbox = new Sandbox(options);
  try {
    return await use(sandbox);
  } finally {
    await sandbox.close();
  }
}

test('a command runs, and the result says what held it', async () => {
  const result = await sh('echo out; echo err >&2; exit 3');
  assert.deepEqual([result.exitCode, result.stdout, result.stderr], [3, 'out\n', 'err\n']);
  assert.deepEqual([...result.enforcement.filesystem], ['seatbelt']);
  assert.equal(result.enforcement.processes, 'sandbox-mark');
  assert.equal(result.enforcement.network, 'blocked');
  assert.ok(result.enforcement.unenforced.every(({ cause }) => cause !== 'machine'));
});

test('the workspace and the private tmp are written, and nothing else', async () => {
  const outside = folder();
  const { workspace, stdout } = await sh(
    `echo a > inside; echo b > "$TMPDIR/t" && cat "$TMPDIR/t"; for f in "${outside}/x" /tmp/codex-x "$HOME/codex-x" /private/var/tmp/codex-x; do echo c > "$f" && echo wrote $f; done; true`,
  );
  assert.equal(readFileSync(path.join(workspace, 'inside'), 'utf8'), 'a\n');
  assert.equal(stdout, 'b\n');
  for (const file of [`${outside}/x`, '/tmp/codex-x', `${os.homedir()}/codex-x`]) assert.ok(!existsSync(file), file);
});

test('offline writes nothing in the workspace', async () => {
  const { workspace, exitCode } = await sh('echo a > inside', { profile: 'offline' });
  assert.notEqual(exitCode, 0);
  assert.ok(!existsSync(path.join(workspace, 'inside')));
});

test('what is denied is not read: by another case, a link, a copy of the folder, a rename, a hard link', async () => {
  const workspace = folder();
  mkdirSync(path.join(workspace, 'secret'));
  writeFileSync(path.join(workspace, 'secret', 'key'), 'SECRET');
  writeFileSync(path.join(workspace, '.env'), 'SECRET');
  const { stdout } = await sh(
    `cat secret/key SECRET/KEY .env .ENV; ln -s secret/key link; cat link; cp -R secret "$TMPDIR/c"; cat "$TMPDIR"/c/*;
     mv secret other; cat other/key; ln secret/key hard; cat hard; cp -c .env clone; cat clone; mv .env e; cat e;
     cat /System/Volumes/Data${workspace}/secret/key; true`,
    { workspace, init: { denyRead: [path.join(workspace, 'secret'), '**/.env'] } },
  );
  assert.ok(!stdout.includes('SECRET'), stdout);
  assert.ok(existsSync(path.join(workspace, 'secret', 'key')) && existsSync(path.join(workspace, '.env')));
});

test('carve-outs stay as they are, existing or not, in every way to bring them', async () => {
  const workspace = folder();
  execFileSync('git', ['init', '-q', workspace]);
  const before = readFileSync(path.join(workspace, '.git', 'config'), 'utf8');
  await sh(
    `echo x > .git/hooks/pre-commit; echo x > .GIT/HOOKS/pre-push; echo x >> .git/config; mv .git g; mkdir .vscode; mkdir .VSCode;
     mkdir p && echo x > p/tasks.json && mv p .vscode; echo x > .envrc; mkdir -p n/d && mv n/d n/.git; mkdir -p .git/modules/evil/hooks;
     mkdir -p "$TMPDIR/r/.git/hooks" && mv "$TMPDIR/r" brought; true`,
    { workspace },
  );
  assert.equal(readFileSync(path.join(workspace, '.git', 'config'), 'utf8'), before);
  for (const file of ['.git/hooks/pre-commit', '.git/hooks/pre-push', 'g', '.vscode', '.envrc', 'n/.git', '.git/modules/evil', 'brought/.git'])
    assert.ok(!existsSync(path.join(workspace, file)), file);
});

test('git adds and commits', async () => {
  const workspace = folder();
  execFileSync('git', ['init', '-q', workspace]);
  const { exitCode, stderr } = await sh(
    'echo a > a && git add a && git -c user.name=a -c user.email=a@b commit -qm a && git status --short', { workspace });
  assert.equal(exitCode, 0, stderr);
});

test('there is no way to a server: not outside, not on this machine, not by a socket in the file system', async (t) => {
  const server = createServer((socket) => socket.end('REACHED'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socketPath = path.join(folder(), 's');
  const local = createServer((socket) => socket.end('REACHED'));
  await once(local.listen(socketPath), 'listening');
  t.after(() => [server, local].forEach((one) => one.close()));
  for (const profile of ['workspace-write', 'workspace-net']) {
    const { stdout } = await sh(
      `nc -w 2 127.0.0.1 ${server.address().port} </dev/null; nc -w 2 -U '${socketPath}' </dev/null; true`, { profile });
    assert.ok(!stdout.includes('REACHED'), profile);
  }
  const granted = await sh(`nc -w 2 -U '${socketPath}' </dev/null`, { init: { unixSockets: [socketPath] } });
  assert.match(granted.stdout, /REACHED/);
});

test('other processes are neither listed nor signalled', async (t) => {
  const other = spawn('/bin/sleep', ['60']);
  t.after(() => other.kill());
  const { stdout } = await sh(`kill ${other.pid} && echo signalled; /usr/bin/pgrep sleep; true`);
  assert.equal(stdout.trim(), '');
  assert.equal(other.exitCode, null);
});

test('services that act for a program are out of reach', async () => {
  const { stdout } = await sh(
    `osascript -e 'tell application "Finder" to get name' && echo scripted; open -g /System/Applications/Calculator.app && echo opened;
     security find-generic-password -s codex-none 2>&1 | grep -c 'could not be found' ; launchctl submit -l codex -- /bin/sh && echo submitted; true`,
  );
  assert.doesNotMatch(stdout, /scripted|opened|submitted/);
});

test('nothing of a run is left, also what left its group and its session', async () => {
  const { workspace } = await sh(`/usr/bin/perl -MPOSIX -e 'for (1,2) { exit if fork; setsid } open F, ">pid"; print F $$; close F; sleep 600'; while [ ! -s pid ]; do sleep 0.1; done; true`);
  const pid = Number(readFileSync(path.join(workspace, 'pid'), 'utf8'));
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('two runs of one sandbox end apart, and share the private tmp', async () => {
  await inside({ profile: 'workspace-write', workspace: folder() }, async (sandbox) => {
    const long = sandbox.exec('/bin/sh', ['-c', 'echo shared > "$TMPDIR/f"; sleep 2; echo done']);
    let read;
    do read = await sandbox.exec('/bin/sh', ['-c', 'cat "$TMPDIR/f" 2>/dev/null']);
    while (read.stdout === '');
    assert.equal(read.stdout, 'shared\n');
    assert.equal((await long).stdout, 'done\n');
  });
});

test('a timeout ends the tree, and a signal is told', async () => {
  const { timedOut, signal } = await sh('trap "" TERM; sleep 600 & wait', { timeout: 500, forceKillAfterDelay: 200 });
  assert.deepEqual([timedOut, signal], [true, 'SIGKILL']);
});

test('what is missing or none is told as Node tells it', async () => {
  await inside({ workspace: folder() }, async (sandbox) => {
    await assert.rejects(sandbox.exec('codex-no-such-program'), { code: 'ENOENT' });
    await assert.rejects(sandbox.exec('/etc/hosts'), { code: 'EACCES' });
  });
});

test('names that mean something to a profile are names', async () => {
  const workspace = path.join(folder(), 'a") (allow default) ;[*]{x}');
  mkdirSync(workspace);
  const outside = folder();
  await sh(`echo a > inside; echo b > '${outside}/x'; true`, { workspace });
  assert.ok(existsSync(path.join(workspace, 'inside')) && !existsSync(path.join(outside, 'x')));
});

test('only declared descriptors are inherited, and the folder of a sandbox goes with it', async () => {
  const { stdout } = await sh('ls /dev/fd | tr "\\n" " "; echo; echo "$TMPDIR"');
  const [descriptors, tmp] = stdout.split('\n');
  // The listing itself has one more.
  assert.match(descriptors, /^0 1 2( [34])? ?$/);
  assert.ok(!existsSync(tmp));
});

test('a hard link that was there before is another name, as the threat model says', async () => {
  const workspace = folder();
  writeFileSync(path.join(workspace, 'key'), 'SECRET');
  linkSync(path.join(workspace, 'key'), path.join(workspace, 'alias'));
  const { stdout } = await sh('cat alias; cat key; true', { workspace, init: { denyRead: [path.join(workspace, 'key')] } });
  assert.equal(stdout, 'SECRET');
});
