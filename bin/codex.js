#!/usr/bin/env node
'use strict';

main();

async function main() {
  let native;
  try {
    native = require('../native.js');
  } catch (error) {
    process.stderr.write(`codex: ${error.message}\n`);
    process.exitCode = 125;
    return;
  }
  const cli = new native.addon.NativeCli(process.argv.slice(2), native.launcher);
  // At SIGUSR1, Node would open its debugger's port.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'];
  // The first is about the terminal, for which a command then has one of its own. Without one it is in no job of the shell's:
  // it is suspended with this process.
  signals.push(cli.hasTerminal ? 'SIGWINCH' : 'SIGTSTP');
  for (const name of signals) {
    process.on(name, (_, number) => {
      if (cli.signal(number) || name === 'SIGUSR1') return;
      // Nothing runs that would heed it: it does what it does to any process.
      process.removeAllListeners(name);
      process.kill(process.pid, name);
    });
  }
  // The standard streams stay untouched while a command has them: Node would make them non-blocking for it, too.
  const { exitCode, stdout, stderr } = await cli.run();
  process.exitCode = exitCode;
  if (stderr !== '') process.stderr.on('error', () => {}).write(stderr);
  if (stdout !== '') process.stdout.on('error', unwritten).write(stdout);
}

function unwritten(error) {
  // A reader that has seen enough.
  if (error.code === 'EPIPE') return;
  process.exitCode = 125;
  process.stderr.write(`codex: standard output can't be written: ${error.message}\n`);
}
