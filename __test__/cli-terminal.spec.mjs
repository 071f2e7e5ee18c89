// `codex exec` at a terminal: the command has one of its own, and the user's comes back as it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLI } from './support/cli.mjs';
import { workspace } from './support/places.mjs';
import { started, unusualSleep } from './support/processes.mjs';
import { atTerminal } from './support/terminal.mjs';

const codex = (...args) => [process.execPath, CLI, 'exec', ...args];

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`under ${profile} the command is at one`, async (t) => {
    const { run, sees } = atTerminal(t, codex('--profile', profile, '--', 'sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && echo all; stty size; echo $TERM; exit 5'),
      { cwd: workspace(), columns: 111, rows: 33, env: { ...process.env, TERM: 'xterm' } });
    await sees('all\r\n33 111\r\nxterm\r\n');
    assert.equal((await run).exitCode, 5);
  });
}

test('what is typed is for the command', async (t) => {
  const script = 'trap "echo handled" INT; echo ready; until read -r line; do :; done; echo "got $line"; stty -echo; echo set; read -r line; echo "then $line"';
  const { run, type, sees, screen } = atTerminal(t, codex('--', 'sh', '-c', script), { cwd: workspace() });
  await sees('ready');
  type('\x03');
  await sees('handled');
  type('one\r');
  await sees('got one');
  await sees('set');
  type('secret\r');
  await sees('then secret');
  await run;
  assert.equal(screen().split('secret').length, 2, 'the command had turned the echo off');
});

test('a new size is told', async (t) => {
  const { run, sees } = atTerminal(t, codex('--', 'bash', '-c', 'trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.05; done'), { cwd: workspace() });
  await sees('ready');
  run.resize(90, 45);
  await sees('45 90');
  assert.equal((await run).exitCode, 0);
});

test('all output arrives', async (t) => {
  const { run, sees, screen } = atTerminal(t, codex('--', 'seq', '50000'), { cwd: workspace() });
  await sees('\r\n50000\r\n');
  await run;
  assert.equal(screen().split('\r\n').length, 50_001);
});

for (const signal of ['TERM', 'KILL', 'SEGV']) {
  test(`the user's terminal is as before after SIG${signal}`, async (t) => {
    const seconds = unusualSleep();
    // A shell's part: it has the terminal, and looks at its modes before, meanwhile and after.
    const script = `before=$(stty -g); exec 3<&0; "$@" <&3 3<&- & wait_for() { for i in $(seq 400); do [ "$(stty -g)" $1 "$before" ] && return; sleep 0.05; done; echo never; }
      wait_for !=; echo raw; read -r go < "$GO"; kill -${signal} $!; wait $! 2>/dev/null; wait_for =; echo "restored $?"`;
    const folder = workspace();
    const { execFileSync } = await import('node:child_process');
    const go = `${folder}/go`;
    execFileSync('mkfifo', [go]);
    const { run, sees } = atTerminal(t, ['bash', '-c', script, 'bash', ...codex('--', 'sleep', seconds)], { cwd: folder, env: { ...process.env, GO: go } });
    await sees('raw');
    await started(`sleep ${seconds}`);
    execFileSync('sh', ['-c', 'echo > "$0"', go]);
    await sees('restored 0');
    await run;
  });
}

test('where one side is no terminal, it is passed on as it is', async (t) => {
  const { run, sees } = atTerminal(t, ['sh', '-c', '"$@" | cat', 'sh', ...codex('--', 'sh', '-c', 'test -t 0 && echo in; test -t 1 || echo piped')], { cwd: workspace() });
  await sees('in\r\npiped\r\n');
  await run;
});

test('captured for JSON, there is none', async (t) => {
  const { run, sees } = atTerminal(t, codex('--json', '--', 'sh', '-c', 'test -t 1 || echo captured'), { cwd: workspace() });
  await sees('captured');
  assert.equal((await run).exitCode, 0);
});

test('what a shell put into the background and took back is typed to', async (t) => {
  const { run, type, sees } = atTerminal(t, ['bash', '--norc', '--noprofile', '-i'], { cwd: workspace(), env: { ...process.env, PS1: '> ', CODEX: CLI, NODE: process.execPath } });
  await sees('> ');
  type('"$NODE" "$CODEX" exec -- sh -c \'echo re""ady; read -r line; echo "go""t $line"\' &\r');
  await sees('ready');
  type('fg\r');
  await sees('fg\r\n');
  await sees('read -r line');
  type('word\r');
  await sees('got word');
  type('exit 3\r');
  assert.equal((await run).exitCode, 3);
});

test('what is typed while the command is in the background is the shell\'s', async (t) => {
  const { run, type, sees } = atTerminal(t, ['bash', '--norc', '--noprofile', '-i'], { cwd: workspace(), env: { ...process.env, PS1: '> ', CODEX: CLI, NODE: process.execPath } });
  await sees('> ');
  type('"$NODE" "$CODEX" exec -- sh -c \'read -r line; echo "go""t <$line>"\' | cat &\r');
  await sees('got <>');
  type('exit 3\r');
  assert.equal((await run).exitCode, 3);
});
