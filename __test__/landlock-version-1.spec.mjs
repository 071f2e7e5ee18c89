// The first version of Landlock (Linux 5.13 to 5.18) lets nothing be moved from one directory to another. Where mounts hold the files, it
// is not used, and what moves files works.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { outside, workspace } from './support/places.mjs';

/** Runs a command line to which the kernel seems to have that version. */
const OLD = `
import array, ctypes, fcntl, os, platform, select, socket, struct, sys
SECCOMP = {'x86_64': 317, 'aarch64': 277}[platform.machine()]
CREATE_RULESET, ASKS_VERSION = 444, 1
RECEIVE, SEND, GO_ON, FILTER, NEW_LISTENER, SET_NO_NEW_PRIVS = 0xc0502100, 0xc0182101, 1, 1, 8, 38
theirs, ours = socket.socketpair()
child = os.fork()
if child == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    code = [(0x20, 0, 0, 0), (0x15, 0, 1, CREATE_RULESET), (0x06, 0, 0, 0x7fc00000), (0x06, 0, 0, 0x7fff0000)]
    instructions = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *one) for one in code))
    class Program(ctypes.Structure):
        _fields_ = [('length', ctypes.c_ushort), ('instructions', ctypes.c_void_p)]
    assert libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    listener = libc.syscall(SECCOMP, FILTER, NEW_LISTENER, ctypes.byref(Program(len(code), ctypes.addressof(instructions))))
    assert listener >= 0
    socket.send_fds(theirs, [b'x'], [listener])
    os.close(listener)
    os.execvp(sys.argv[1], sys.argv[1:])
theirs.close()
listener = socket.recv_fds(ours, 1, 1)[1][0]
calls = select.poll()
calls.register(listener, select.POLLIN)
while not any(event & select.POLLHUP for _, event in calls.poll()):
    call = bytearray(80)
    try:
        fcntl.ioctl(listener, RECEIVE, call)
        number, = struct.unpack_from('Q', call)
        asks = struct.unpack_from('Q', call, 32 + 16)[0] == ASKS_VERSION
        fcntl.ioctl(listener, SEND, struct.pack('QqiI', number, 1 if asks else 0, 0, 0 if asks else GO_ON))
    except FileNotFoundError:
        pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

test('files move in the workspace, and nothing is written elsewhere', async () => {
  const facts = { outside: outside(), workspace: workspace() };
  const { result, landlock } = await answer(['python3', '-c', OLD, ...script(`(async () => {
    const program = 'const fs = require("fs"); fs.mkdirSync("a"); fs.mkdirSync("b"); fs.writeFileSync("a/f", "x"); fs.renameSync("a/f", "b/f"); fs.linkSync("b/f", "a/g");' +
      'try { fs.writeFileSync(' + JSON.stringify(facts.outside + '/f') + ', "x") } catch ({ code }) { console.log(code) }';
    const result = await codex.exec(process.execPath, ['-e', program], { profile: 'workspace-write', workspace: facts.workspace });
    const landlock = codex.Sandbox.capabilities().features.find(({ name }) => name === 'landlock');
    process.stdout.write(JSON.stringify({ result, landlock }));
  })();`, facts)]);
  assert.deepEqual([result.exitCode, result.stdout], [0, 'EROFS\n'], result.stderr);
  assert.deepEqual([result.enforcement.filesystem, result.enforcement.landlockAbi], [['mounts'], 0]);
  assert.deepEqual(result.enforcement.unenforced.filter(({ promise }) => promise !== 'host-unix-sockets'), []);
  assert.deepEqual([existsSync(path.join(facts.workspace, 'a/g')), existsSync(path.join(facts.outside, 'f'))], [true, false]);
  assert.deepEqual([landlock.present, landlock.detail.includes('version 1')], [true, true]);
});
