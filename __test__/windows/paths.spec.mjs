// Where a command starts on Windows, what it sees of the folders above, and where its tmp is.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { folder, node, sandbox } from '../support/any-platform.mjs';

const INDEX = fileURLToPath(new URL('../../index.js', import.meta.url));
const CMD = path.join(process.env.SystemRoot, 'System32', 'cmd.exe');
const PROFILES = ['offline', 'net-read-only', 'workspace-write', 'workspace-net', 'trusted'];
const box = (t, profile, workspace) => sandbox(t, { profile, workspace, enforcement: profile === 'trusted' ? 'required' : 'best-effort' });

function folders(place) {
  const above = path.dirname(place);
  return above === place ? [place] : [place, ...folders(above)];
}

/** The access lists of a folder and of those above it, as the system shows them. */
function access(place) {
  return folders(place).map((one) => spawnSync('icacls', [one], { encoding: 'utf8' }).stdout);
}

for (const profile of PROFILES) {
  test(`a command starts in the workspace, by a name that every program understands, under ${profile}`, async (t) => {
    const workspace = path.join(folder(), 'a b');
    mkdirSync(path.join(workspace, 'sub'), { recursive: true });
    const { stdout, stderr } = await box(t, profile, workspace).exec(CMD, ['/d', '/c', 'cd'], { cwd: 'sub' });
    // `cmd.exe` takes a name that begins with `\\?\` for a share, and starts elsewhere.
    assert.deepEqual([stdout.trim(), stderr], [path.join(workspace, 'sub'), '']);
  });

  test(`each folder above the workspace and the tmp can be looked at, and nothing more, under ${profile}`, async (t) => {
    const workspace = path.join(folder(), 'deep', 'deeper');
    mkdirSync(workspace, { recursive: true });
    writeFileSync(path.join(workspace, 'script.js'), 'console.log("ran")');
    const script = `const fs = require('node:fs'), path = require('node:path');
      for (const start of [process.cwd(), require('node:os').tmpdir()]) {
        for (let at = start; ; at = path.dirname(at)) { fs.lstatSync(at); if (at === path.dirname(at)) break; }
        fs.realpathSync(start); fs.realpathSync.native(start);
      }`;
    const one = box(t, profile, workspace);
    const looked = await node(one, script);
    assert.equal(looked.exitCode, 0, looked.stderr);
    // Node resolves the path of a script before it runs it.
    const ran = await one.exec(process.execPath, ['script.js']);
    assert.deepEqual([ran.stdout, ran.exitCode], ['ran\n', 0], ran.stderr);
    if (profile === 'trusted') return;
    const listed = await node(one, "require('node:fs').readdirSync(require('node:path').dirname(process.cwd()))");
    assert.notEqual(listed.exitCode, 0);
  });

  test(`the tmp that the variables name is there, is written, and is no folder of the host's, under ${profile}`, async (t) => {
    if (profile === 'trusted') return;
    const one = box(t, profile);
    const script = `const file = require('node:path').join(process.env.TEMP, 'x');
      require('node:fs').writeFileSync(file, 'x'); console.log([process.env.TMP === process.env.TEMP, file].join('|'))`;
    const { stdout, exitCode, stderr } = await node(one, script);
    assert.equal(exitCode, 0, stderr);
    const [same, file] = stdout.trim().split('|');
    assert.equal(same, 'true');
    assert.doesNotMatch(file, /^c:\\tmp\\/i);
    await one.close();
    assert.equal(existsSync(file), false);
  });
}

test('the root of a drive is refused as a workspace, but under trusted', async (t) => {
  for (const profile of ['offline', 'workspace-net']) {
    await assert.rejects(async () => node(box(t, profile, 'C:\\'), '0'), /root of a drive|whole file system/);
  }
  assert.equal((await node(box(t, 'trusted', 'C:\\'), '0')).exitCode, 0);
});

test('tools find a place for their caches', async (t) => {
  const script = 'console.log(JSON.stringify([process.env.TEMP, process.env.npm_config_cache, process.env.GOCACHE, process.env.UV_CACHE_DIR]))';
  const { stdout, stderr } = await node(box(t, 'workspace-write'), script);
  const [tmp, ...places] = JSON.parse(stdout || '[]');
  for (const place of places) assert.ok(place?.startsWith(tmp), `${place}: ${stderr}`);
});

test('a program is named from the working directory, with slashes of either kind', async (t) => {
  const workspace = folder();
  mkdirSync(path.join(workspace, 'bin'));
  writeFileSync(path.join(workspace, 'bin', 'say.cmd'), '@echo off\r\necho said %1\r\n');
  const one = box(t, 'trusted', workspace);
  for (const name of ['bin/say.cmd', '.\\bin\\say.cmd', './bin/say', 'bin\\..\\bin\\say']) {
    assert.equal((await one.exec(name, ['it'])).stdout.trim(), 'said it', name);
  }
});

test('access lists of the workspace and of all folders above are as they were, also when many sandboxes come and go at once', async (t) => {
  const workspace = path.join(folder(), 'shared');
  mkdirSync(workspace);
  const before = access(workspace);
  const script = `const { Sandbox } = require(${JSON.stringify(INDEX)});
    (async () => { for (let left = 5; left > 0; left -= 1) {
      const box = new Sandbox({ profile: 'workspace-write', workspace: ${JSON.stringify(workspace)}, enforcement: 'best-effort' });
      await box.exec('whoami'); await box.close();
    } })();`;
  const all = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', script], { stdio: 'inherit' }));
  for (const one of all) t.after(() => one.kill());
  await Promise.all(all.map((one) => once(one, 'exit')));
  assert.deepEqual(access(workspace), before);
});

test('a save that replaces a file by renaming another one over it works, whatever they are called', async (t) => {
  const workspace = folder();
  mkdirSync(path.join(workspace, 'obj', 'Debug'), { recursive: true });
  writeFileSync(path.join(workspace, 'obj', 'Debug', 'x.cache'), 'before');
  const script = `const fs = require('node:fs');
    fs.writeFileSync('obj/Debug/x.cache~', 'after'); fs.renameSync('obj/Debug/x.cache~', 'obj/Debug/x.cache');
    fs.mkdirSync('new/deep', { recursive: true }); fs.writeFileSync('new/deep/a', '1'); fs.writeFileSync('new/deep/b', '2');
    fs.renameSync('new/deep/a', 'new/deep/b'); fs.renameSync('new', 'newer'); fs.rmSync('newer', { recursive: true });`;
  const { exitCode, stderr } = await node(box(t, 'workspace-write', workspace), script);
  assert.equal(exitCode, 0, stderr);
  assert.equal(readFileSync(path.join(workspace, 'obj', 'Debug', 'x.cache'), 'utf8'), 'after');
  assert.equal(existsSync(path.join(workspace, 'newer')), false);
});
