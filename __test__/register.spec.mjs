// A whole program, or its own import, under the profile that variables name.
import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { run } from './support/node.mjs';
import { PACKAGE, outside, workspace } from './support/places.mjs';

const REGISTER = path.join(PACKAGE, 'register.js');
const SUBPATH = path.join(PACKAGE, 'child_process.js');
const PROGRAM = `
  const { execSync, spawnSync, execFileSync } = cp;
  const quiet = { stdio: 'ignore' };
  spawnSync('touch', ['inside', process.env.OUTSIDE + '/1'], quiet);
  try { execSync('touch ' + process.env.OUTSIDE + '/2', quiet); } catch {}
  try { execFileSync('touch', [process.env.OUTSIDE + '/3'], quiet); } catch {}
  cp.spawn('touch', [process.env.OUTSIDE + '/4'], quiet).on('exit', () => {
    cp.exec('touch ' + process.env.OUTSIDE + '/5', () => console.log('done'));
  });`;

function environment(folder, more) {
  return { cwd: folder, env: { ...process.env, OUTSIDE: outside(), CODEX_PROFILE: 'workspace-write', CODEX_WORKSPACE: folder, ...more } };
}

for (const [name, line] of [
  ['a program of CommonJS', ['--require', REGISTER, '-e', `const cp = require('child_process'); ${PROGRAM}`]],
  ['a program of modules', ['--require', REGISTER, '--input-type=module', '-e', `import * as cp from 'node:child_process'; ${PROGRAM}`]],
  ['the subpath', ['-e', `const cp = require(${JSON.stringify(SUBPATH)}); ${PROGRAM}`]],
]) {
  test(name, async () => {
    const folder = workspace();
    const options = environment(folder);
    const { stdout, stderr, exitCode } = await run([process.execPath, ...line], options);
    assert.deepEqual([stdout, stderr, exitCode], ['done\n', '', 0]);
    assert.ok(existsSync(path.join(folder, 'inside')));
    for (const number of [1, 2, 3, 4, 5]) assert.equal(existsSync(path.join(options.env.OUTSIDE, String(number))), false, `${number}`);
  });
}

test('without a profile nothing may be written', async () => {
  const folder = workspace();
  const options = environment(folder, { CODEX_PROFILE: undefined, CODEX_WORKSPACE: undefined });
  const { stdout } = await run([process.execPath, '--require', REGISTER, '-e', 'console.log(require("child_process").spawnSync("touch", ["made"]).status)'], options);
  assert.equal(stdout, '1\n');
  assert.equal(existsSync(path.join(folder, 'made')), false);
});

test('a profile\'s file', async () => {
  const [folder, granted] = [workspace(), outside()];
  const source = `console.log(require('child_process').spawnSync('touch', [${JSON.stringify(path.join(granted, 'made'))}]).status)`;
  const under = (directory, profile = 'workspace-write') => {
    const file = path.join(directory, 'profile.toml');
    writeFileSync(file, profile === 'trusted' ? 'profile = "trusted"\n' : `profile = "${profile}"\nwritable = [${JSON.stringify(granted)}]\n`);
    return run([process.execPath, '--require', REGISTER, '-e', source], environment(folder, { CODEX_PROFILE: file }));
  };
  assert.equal((await under(outside())).stdout, '0\n');
  // Where the program's own processes could change it, the next ones would run under what they put there.
  for (const profile of ['workspace-write', 'trusted']) {
    const refused = await under(folder, profile);
    assert.deepEqual([refused.stdout, refused.exitCode], ['', 1]);
    assert.match(refused.stderr, /ProfileError/);
  }
  assert.equal((await under(outside(), 'trusted')).stdout, '0\n');
});

test('an unknown profile ends the program before it starts', async () => {
  const { stdout, stderr, exitCode } = await run([process.execPath, '--require', REGISTER, '-e', 'console.log(1)'], environment(workspace(), { CODEX_PROFILE: 'everything' }));
  assert.deepEqual([stdout, exitCode], ['', 1]);
  assert.match(stderr, /ProfileError/);
});

test('forked programs and workers of a cluster are inside, and may start processes', async () => {
  const folder = workspace();
  const options = environment(folder);
  writeFileSync(path.join(folder, 'child.cjs'), `
    const { status } = require('node:child_process').spawnSync('touch', [process.env.OUTSIDE + '/made', 'inside']);
    process.send({ status, execArgv: process.execArgv });
    process.disconnect();`);
  writeFileSync(path.join(folder, 'main.cjs'), `
    const { fork } = require('node:child_process');
    const cluster = require('node:cluster');
    fork('child.cjs').on('message', (message) => {
      console.log(JSON.stringify(message));
      cluster.setupPrimary({ exec: 'child.cjs' });
      cluster.fork().on('message', (message) => console.log(JSON.stringify(message)));
    });`);
  const { stdout, stderr } = await run([process.execPath, '--require', REGISTER, 'main.cjs'], options);
  assert.equal(stdout, '{"status":1,"execArgv":[]}\n{"status":1,"execArgv":[]}\n', stderr);
  assert.equal(existsSync(path.join(options.env.OUTSIDE, 'made')), false);
  assert.ok(existsSync(path.join(folder, 'inside')));
});

test('words that are numbers are text, as for Node', async () => {
  const folder = workspace();
  const program = "console.log(require('child_process').execFileSync('echo', ['-n', 5, true]).toString())";
  const { stdout, stderr } = await run([process.execPath, '--require', REGISTER, '-e', program], environment(folder));
  assert.deepEqual([stdout, stderr], ['5 true\n', '']);
  const spawning = "require('child_process').spawn('echo', ['-n', 5], { stdio: 'inherit' })";
  assert.equal((await run([process.execPath, '--require', REGISTER, '-e', spawning], environment(folder))).stdout, '5');
});

test('a worker thread is under it, too, and Node has nothing to warn of', async () => {
  const folder = workspace();
  const options = environment(folder);
  const inWorker = "require('child_process').spawnSync('touch', ['inside', process.env.OUTSIDE + '/made'])";
  const program = `new (require('node:worker_threads').Worker)(${JSON.stringify(inWorker)}, { eval: true })`;
  for (const line of [program, program.replace('{ eval: true', '{ execArgv: [], eval: true')]) {
    const { stderr, exitCode } = await run([process.execPath, '--require', REGISTER, '-e', line], options);
    assert.deepEqual([stderr, exitCode], ['', 0]);
    assert.ok(existsSync(path.join(folder, 'inside')));
    assert.equal(existsSync(path.join(options.env.OUTSIDE, 'made')), false);
    rmSync(path.join(folder, 'inside'));
  }
});

test('a Node that is forked by one that imported it', async () => {
  const folder = workspace();
  writeFileSync(path.join(folder, 'child.cjs'), 'console.log(process.execArgv.length)');
  const { stdout, stderr } = await run([process.execPath, '--import', REGISTER, '-e', "require('node:child_process').fork('child.cjs', { execArgv: ['--import', process.execArgv[1]] })"], environment(folder));
  assert.deepEqual([stdout, stderr], ['0\n', '']);
});
