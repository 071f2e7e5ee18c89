// What specs for Windows share.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const INDEX = fileURLToPath(new URL('../../index.js', import.meta.url));

/** Has a process make a sandbox in a workspace, and kills it while that stands; returns its id. */
export async function killedHost(workspace) {
  const script = `const { Sandbox } = require(${JSON.stringify(INDEX)});
    new Sandbox({ profile: 'workspace-write', workspace: ${JSON.stringify(workspace)}, enforcement: 'best-effort' })
      .exec('whoami').then(() => console.log('granted'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return child.pid;
}
