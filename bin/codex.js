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
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  // About the terminal, which a command then has one of its own for.
  if (cli.hasTerminal) signals.push('SIGWINCH', 'SIGCONT');
  for (const name of signals) process.on(name, (_, number) => cli.signal(number));
  // The standard streams stay untouched while a command has them: Node would make them non-blocking for it, too.
  const { exitCode, stdout, stderr } = await cli.run();
  process.exitCode = exitCode;
  if (stderr !== '') process.stderr.write(stderr);
  if (stdout !== '') process.stdout.write(stdout);
}
