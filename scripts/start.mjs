// A short real session: what an agent may do under `workspace-write`, what it may not, and what was enforced.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import path from 'node:path';
import { addonFile, build, root } from './build.mjs';

if (!existsSync(addonFile)) build();
const { Sandbox } = createRequire(import.meta.url)('../index.js');

const workspace = mkdtempSync(path.join(root, '.session-'));
const target = path.join(path.dirname(workspace), 'written-by-the-agent');
const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const sandbox = new Sandbox({ profile: 'workspace-write', workspace });

try {
  await show('a write in the workspace', 'sh', ['-c', 'echo ok > note && cat note']);
  await show('a write outside it', 'sh', ['-c', `echo bad > ${target}`]);
  console.log(`  on the host: ${existsSync(target) ? 'IT IS THERE' : 'not there'}\n`);
  await show('a connection to a server of the host', process.execPath, [
    '-e', `require('net').connect(${server.address().port}, '127.0.0.1').on('data', (d) => console.log(String(d))).on('error', (e) => { console.error(e.message); process.exitCode = 1 })`,
  ]);
  const { enforcement } = await sandbox.exec('true');
  console.log('what was enforced:');
  console.log(JSON.stringify(enforcement, null, 2));
} finally {
  await sandbox.close();
  server.close();
  rmSync(workspace, { recursive: true, force: true });
}

async function show(what, file, args) {
  const { exitCode, stdout, stderr, durationMs } = await sandbox.exec(file, args);
  console.log(`${what}: exit code ${exitCode} after ${durationMs.toFixed(1)} ms`);
  for (const line of `${stdout}${stderr}`.trimEnd().split('\n').filter(Boolean)) console.log(`  ${line}`);
  console.log('');
}
