// Where some calls are already answered by another process, as in containers of LXC, the kernel takes no second one: runs are held as
// ever, only nothing of what is refused is told, and the result says so.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';
import { RESTRICTED } from './support/sandbox.mjs';

/** Has one call, that nobody makes here, wait for an answer, and becomes another program. */
const LISTENED = `
import ctypes, os, platform, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
SECCOMP = {'x86_64': 317, 'aarch64': 277}[platform.machine()]
ACCT = {'x86_64': 163, 'aarch64': 89}[platform.machine()]
SET_NO_NEW_PRIVS, FILTER, NEW_LISTENER = 38, 1, 8
code = [(0x20, 0, 0, 0), (0x15, 0, 1, ACCT), (0x06, 0, 0, 0x7fc00000), (0x06, 0, 0, 0x7fff0000)]
instructions = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *one) for one in code))
class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('instructions', ctypes.c_void_p)]
program = Program(len(code), ctypes.addressof(instructions))
assert libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
listener = libc.syscall(SECCOMP, FILTER, NEW_LISTENER, ctypes.byref(program))
assert listener >= 0, os.strerror(ctypes.get_errno())
os.set_inheritable(listener, True)
os.execvp(sys.argv[1], sys.argv[1:])
`;

test('runs are held, and that refusals are not told is', async () => {
  const facts = { outside: outside(), workspace: workspace(), profiles: RESTRICTED };
  const results = await answer(['python3', '-c', LISTENED, ...script(`(async () => {
    const results = [];
    for (const profile of facts.profiles) {
      results.push(await codex.exec('sh', ['-c', 'echo x > ' + facts.outside + '/f; echo y > y'], { profile, workspace: facts.workspace }));
    }
    process.stdout.write(JSON.stringify(results));
  })();`, facts)]);
  for (const { exitCode, stderr, denials, enforcement } of results) {
    assert.match(stderr, /Read-only file system|Permission denied/);
    assert.equal(exitCode, enforcement.profile.startsWith('workspace') ? 0 : 2, stderr);
    assert.deepEqual([denials, enforcement.denials], [[], 'off']);
  }
  assert.deepEqual([existsSync(path.join(facts.outside, 'f')), existsSync(path.join(facts.workspace, 'y'))], [false, true]);
});
