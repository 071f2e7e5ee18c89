// The loop of an agent that works in one workspace: each line of standard input is a command line, as a model would propose it.
// A policy judges it, a person is asked about what the policy doesn't know, the kernel holds what it may touch, and an audit log
// has all of it, before and after. Nobody is asked where there is no terminal: that is a no.
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { createInterface } from 'node:readline/promises';
import { ReadStream } from 'node:tty';
import { AuditLog, ExecPolicy, Sandbox } from '@openai/codex';

const workspace = process.argv[2];
if (workspace === undefined) throw new Error('name the workspace: node agent.mjs DIRECTORY');
const state = process.argv[3] ?? path.join(os.homedir(), '.local', 'state', 'codex-example');
await mkdir(state, { recursive: true, mode: 0o700 });

const policy = await ExecPolicy.load(new URL('policy.toml', import.meta.url), { workspace });
const audit = await AuditLog.open(path.join(state, 'audit.jsonl'));
const sandbox = new Sandbox({ profile: 'workspace-write', workspace, policy, audit, onRequest, limits: { wallTime: 600_000, processes: 512 } });

try {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    try {
      const { exitCode, signal, stdout, stderr, hints } = await sandbox.exec('bash', ['-c', line]);
      process.stdout.write(`$ ${line}\n${stdout}${stderr}[${signal ?? exitCode}]\n`);
      // What a model is told, so that it doesn't look for the mistake in its own work.
      for (const hint of hints) console.log(`hint: ${hint}`);
    } catch (error) {
      if (error.code !== 'PolicyRefused' && error.code !== 'PolicyPrompt') throw error;
      console.log(`$ ${line}\n[not run] ${error.message}`);
    }
  }
} finally {
  await sandbox.close();
  await audit.close();
}

/** Asks at the terminal, which is not where the commands come from. */
async function onRequest({ args, reason }) {
  let terminal;
  try {
    terminal = new ReadStream(openSync('/dev/tty', 'r+'));
  } catch {
    return 'deny';
  }
  const asking = createInterface({ input: terminal, output: process.stderr });
  const answer = await asking.question(`run ${args.at(-1)}? (${reason}) [y/N] `);
  asking.close();
  terminal.destroy();
  return answer.trim().toLowerCase() === 'y' ? 'allow' : 'deny';
}
