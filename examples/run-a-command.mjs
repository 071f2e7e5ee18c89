// One command in a workspace of its own: what came of it, what it was refused, and what would have allowed that.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { exec } from '@openai/codex';

const workspace = await mkdtemp(path.join(os.homedir(), 'codex-example-'));
try {
  const result = await exec('sh', ['-c', 'echo done > report.txt; cat report.txt; echo no > ../outside.txt'], { profile: 'workspace-write', workspace });

  console.log(`exit code ${result.exitCode}`);
  console.log(`output: ${result.stdout.trim()}`);
  for (const { kind, path: refused, rule, grant } of result.denials) console.log(`refused: ${kind} ${refused} (${rule}); to allow it: ${grant}`);
  for (const { promise, reason } of result.enforcement.unenforced) console.log(`not enforced: ${promise}: ${reason}`);
} finally {
  await rm(workspace, { recursive: true });
}
