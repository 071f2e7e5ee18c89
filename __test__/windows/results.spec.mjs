// What comes back of a command on Windows: its bytes as they were, its exit code as Node gives it, pipes between its processes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { folder, node, sandbox } from '../support/any-platform.mjs';

for (const profile of ['offline', 'trusted']) {
  test(`output in another code page is not changed, under ${profile}`, async (t) => {
    // "中文" in code page 936.
    const { stdout } = await node(sandbox(t, { profile }), "process.stdout.write(Buffer.from([0xd6, 0xd0, 0xce, 0xc4]))", [], { encoding: 'buffer' });
    assert.deepEqual([...stdout], [0xd6, 0xd0, 0xce, 0xc4]);
    assert.equal(new TextDecoder('gbk').decode(stdout), '中文');
  });

  test(`an exit code is a number without a sign, as Node's child_process gives it, under ${profile}`, async (t) => {
    for (const code of [0, 3, 0xc0000005, 0xffffffff]) {
      const script = `process.reallyExit(${code | 0})`;
      assert.equal((await node(sandbox(t, { profile }), script)).exitCode, code);
      assert.equal(spawnSync(process.execPath, ['-e', script]).status, code);
    }
  });

  test(`processes of a run talk through a pipe whose name is the run's own, under ${profile}`, async (t) => {
    const script = `const net = require('node:net'); const name = '\\\\\\\\.\\\\pipe\\\\LOCAL\\\\codex-test-' + process.pid;
      const server = net.createServer((socket) => socket.end('heard')).listen(name, () => {
        net.connect(name).setEncoding('utf8').on('data', (text) => { console.log(text); server.close(); });
      });`;
    const { stdout, stderr } = await node(sandbox(t, { profile }), script);
    assert.equal(stdout, 'heard\n', stderr);
  });

  test(`variables are found whatever the case of their names, under ${profile}`, async (t) => {
    const env = { ...process.env, Some_Name: 'a', Node_Options: '--no-such-option', npm_config__AuthToken: 'secret' };
    const script = 'console.log([process.env.SOME_NAME, process.env.NODE_OPTIONS, process.env.NPM_CONFIG__AUTHTOKEN].join("|"))';
    const workspace = folder();
    if (profile === 'trusted') delete env.Node_Options;
    const { stdout, stderr } = await node(sandbox(t, { profile, workspace }), script, [], { env });
    if (profile === 'trusted') assert.match(stdout, /^a\|/);
    else assert.equal(stdout, 'a||\n', stderr);
  });
}
