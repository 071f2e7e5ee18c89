// Streams, terminals and processes that stand for runs need no user namespace.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forbidden } from './support/forbidden.mjs';
import { answer, script } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';

for (const [profile, enforcement] of [['workspace-write', 'best-effort'], ['trusted', 'required']]) {
  test(`under ${profile}, ${enforcement}`, async () => {
    const source = `
      (async () => {
        const box = new codex.Sandbox({ profile: facts.profile, workspace: facts.folder, enforcement: facts.enforcement });
        const streams = box.spawn('sh', ['-c', 'cat; cat <&5; echo err >&2'], { stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'pipe'] });
        streams.stdin.end('in ');
        streams.stdio[5].end('five');
        const { stdout, stderr } = await streams;
        const terminal = await box.spawn('sh', ['-c', 'test -t 0 && tty && stty size && echo through > /dev/tty'], { stdio: 'pty' });
        const child = box.childProcess().spawnSync('sh', ['-c', 'cat; exit 3'], { input: 'guest', encoding: 'utf8' });
        await box.close();
        process.stdout.write(JSON.stringify({ stdout, stderr, terminal: terminal.stdout, child: [child.stdout, child.status] }));
      })();`;
    const line = script(source, { folder: workspace(), profile, enforcement });
    const printed = await answer(forbidden(line), { env: { ...process.env, TMPDIR: outside() } });
    assert.match(printed.terminal, /^\/dev\/pts\/\d+\r\n24 80\r\nthrough\r\n$/);
    assert.deepEqual({ ...printed, terminal: '' }, { stdout: 'in five', stderr: 'err\n', terminal: '', child: ['guest', 3] });
  });
}
