// A program waits at a stream that it has from the host: Node lets none of its own wait, and programs know of no other kind.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { buffer, text } from 'node:stream/consumers';
import { script, start } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

/** Has a Node do with its streams what makes them not wait, before it runs something. */
function host(run) {
  const [file, ...args] = script(`
    process.stdout.write('first ');
    process.stdin.resume().pause();
    const box = new codex.Sandbox({ workspace: facts.workspace });
    const run = async (file, args, streams) => ${run};
    (async () => {
      const { exitCode } = await run('sh', ['-c', facts.program], { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' });
      await box.close();
      process.exit(exitCode);
    })();`, {
    workspace: workspace(),
    program: 'cat /proc/$$/fdinfo/0 /proc/$$/fdinfo/1 /proc/$$/fdinfo/2 >&2; echo begun >&2; cat; head -c 3000000 /dev/zero',
  });
  // Pipes as a shell makes them: Node's own are sockets.
  return start(['bash', '-c', 'cat | "$@" | cat', 'bash', file, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}

for (const [name, run] of [['exec', 'box.exec(file, args, streams)'], ['spawn', 'box.spawn(file, args, streams)'], ['execSync', 'box.execSync(file, args, streams)']]) {
  test(`under ${name}`, async () => {
    const child = host(run);
    let errors = '';
    for await (const piece of child.stderr.setEncoding('utf8')) {
      errors += piece;
      if (!errors.includes('begun')) continue;
      // It waits for something to read, and then for somebody who reads.
      if (child.stdin.writable) child.stdin.end('given ');
      child.stdout.read(0);
      break;
    }
    const flags = [...errors.matchAll(/^flags:\t(\d+)$/gm)].map(([, octal]) => parseInt(octal, 8));
    assert.equal(flags.length, 3);
    for (const one of flags) assert.equal(one & 0o4000, 0, errors);
    const [output] = await Promise.all([buffer(child.stdout), once(child, 'close')]);
    assert.equal(output.subarray(0, 12).toString(), 'first given ');
    assert.equal(output.length, 3_000_012);
  });
}

test('a stream that is passed on is the program\'s alone', async (t) => {
  const folder = workspace();
  const server = createServer().listen(path.join(folder, 'socket'));
  t.after(() => server.close());
  await once(server, 'listening');
  const passed = connect(path.join(folder, 'socket'));
  const [socket] = await once(server, 'connection');
  // It is read here, too, up to now.
  passed.resume();
  await once(passed, 'connect');
  const run = sandbox(t, { workspace: folder }).exec('sh', ['-c', 'echo ready; read word; echo "got $word"'], { stdin: passed, stdout: passed });
  socket.setEncoding('utf8');
  let said = '';
  for await (const piece of socket) {
    said += piece;
    if (said === 'ready\n') socket.write('hello\n');
    if (said.includes('got')) break;
  }
  assert.equal((await run).exitCode, 0);
  assert.equal(said, 'ready\ngot hello\n');
  passed.destroy();
});
