// Programs that are made for a terminal, used at one through `codex exec` as a person uses them.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { CLI } from './support/cli.mjs';
import { workspace } from './support/places.mjs';
import { atTerminal } from './support/terminal.mjs';

const ESCAPE = '\x1b';
const [CONTROL_C, CONTROL_Z] = ['\x03', '\x1a'];

/** Starts a program at a terminal; `package_` is what to install for it. */
function use(t, [program, ...args], folder, package_ = program) {
  assert.ok(isInstalled(program), `${program} is not here; on Debian: apt-get install ${package_}`);
  const env = { ...process.env, TERM: 'xterm', LESS: '' };
  return atTerminal(t, [process.execPath, CLI, 'exec', '--profile', 'workspace-write', '--', program, ...args], { cwd: folder, columns: 80, rows: 24, env });
}

function isInstalled(program) {
  return process.env.PATH.split(':').some((directory) => existsSync(path.join(directory, program)));
}

test('bash -i: lines, a job that is stopped and goes on, an interrupt', async (t) => {
  const { run, type, sees } = use(t, ['bash', '--norc', '--noprofile', '-i'], workspace());
  type('echo "answer $((6 * 7))"\r');
  await sees('answer 42');
  // What the job itself says tells that it has the terminal.
  type('sh -c "echo job-\$((40 + 2)); exec sleep 600"\r');
  await sees('job-42');
  type(CONTROL_Z);
  await sees('Stopped');
  type('bg; jobs -r | sed "s/^/running: /"\r');
  await sees('running: [1]+');
  type('kill %1; wait %1; echo "ended $?"\r');
  await sees('ended 143');
  type('sh -c "echo job-\$((40 + 3)); exec sleep 600"\r');
  await sees('job-43');
  type(CONTROL_C);
  type('echo "interrupted $?"\r');
  await sees('interrupted 130');
  type('exit 7\r');
  assert.equal((await run).exitCode, 7);
});

test('less: pages, a search, the end', async (t) => {
  const folder = workspace();
  writeFileSync(path.join(folder, 'lines'), Array.from({ length: 500 }, (_, line) => `line ${line + 1}\n`).join(''));
  const { run, type, sees } = use(t, ['less', 'lines'], folder);
  await sees('line 23');
  type(' ');
  await sees('line 46');
  type('/line 250\r');
  await sees('line 272');
  type('G');
  await sees('line 500');
  type('q');
  assert.equal((await run).exitCode, 0);
});

test('top: sees the processes of its sandbox, and no others', async (t) => {
  const { run, type, sees, screen } = use(t, ['top', '-d', '1'], workspace(), 'procps');
  await sees('PID');
  await sees('top');
  const words = screen().replaceAll(/\x1b(\[[\d;?]*[A-Za-z]|\(B)/g, '');
  // The init of the run, and top.
  assert.match(words, /Tasks: +2 total/);
  type('q');
  assert.equal((await run).exitCode, 0);
});

test('vim: writes a file', { skip: !isInstalled('vim') && 'vim is not here; on Debian: apt-get install vim' }, async (t) => {
  const folder = workspace();
  const { run, type, sees } = use(t, ['vim', '-u', 'NONE', '-N', 'note'], folder);
  await sees('"note"');
  type('ihello');
  await sees('hello');
  type(`${ESCAPE}yyp`);
  type(':wq\r');
  assert.equal((await run).exitCode, 0);
  assert.equal(readFileSync(path.join(folder, 'note'), 'utf8'), 'hello\nhello\n');
});
