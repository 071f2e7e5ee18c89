// Lines while a command is under way, a deadline that ends its whole tree, and a limit that the kernel holds.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Sandbox } from '@openai/codex';

const workspace = await mkdtemp(path.join(os.homedir(), 'codex-example-'));
const sandbox = new Sandbox({ profile: 'workspace-write', workspace });
try {
  const counting = sandbox.spawn('sh', ['-c', 'for i in 1 2 3; do echo "step $i"; sleep 0.1; done']);
  for await (const line of counting) console.log(line);
  console.log(`ended with ${(await counting).exitCode}`);

  // What it leaves in the background ends with it.
  const late = await sandbox.exec('sh', ['-c', 'sleep 60 & sleep 60'], { timeout: 300, killSignal: 'SIGTERM' });
  console.log(`timed out: ${late.timedOut}, signal: ${late.signal}`);

  const large = await sandbox.exec('sh', ['-c', 'exec head -c 2000000 /dev/zero > large'], { limits: { fileSize: 1_000_000 } });
  console.log(`limit: ${large.limit}, signal: ${large.signal}`);
} finally {
  await sandbox.close();
  await rm(workspace, { recursive: true });
}
