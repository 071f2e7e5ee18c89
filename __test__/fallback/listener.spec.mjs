// Whoever looks at the calls of a run is out of its reach: no program has a descriptor of it, nor takes one from a process that does.
// Without it no call is made that waits for it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from '../support/places.mjs';
import { RESTRICTED, sandbox } from '../support/sandbox.mjs';
import { until } from '../support/until.mjs';

const ATTEMPT = `
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
PIDFD_OPEN, PIDFD_GETFD, VM_READ, VM_WRITE, PTRACE, ATTACH, SEIZE = 434, 438, 310, 311, 101, 16, 0x4206
def parent(pid):
    return int(open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1])
init = os.getppid()
launcher = parent(init)
def opened():
    for number in range(1024):
        try: yield number, os.readlink(f'/proc/self/fd/{number}')
        except OSError: pass
print([target for number, target in opened() if number > 2])
class Piece(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
def refused(what, result):
    print(what, errno.errorcode[ctypes.get_errno()] if result < 0 else 'REACHED')
for name, pid in (('init', init), ('launcher', launcher)):
    pidfd = libc.syscall(PIDFD_OPEN, pid, 0)
    assert pidfd >= 0
    reached = {libc.syscall(PIDFD_GETFD, pidfd, number, 0) for number in range(64)}
    print(name, 'descriptors', reached, errno.errorcode[ctypes.get_errno()])
    buffer = ctypes.create_string_buffer(8)
    ours, theirs = Piece(ctypes.addressof(buffer), 8), Piece(id(libc), 8)
    for number in (VM_READ, VM_WRITE):
        refused(f'{name} memory', libc.syscall(number, pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, ctypes.c_long(0)))
    for request in (ATTACH, SEIZE):
        refused(f'{name} trace', libc.syscall(PTRACE, request, pid, 0, 0))
    places = ['mem', 'maps', 'environ'] + [f'fd/{number}' for number in range(64)]
    for entry in places:
        for use in (lambda place: os.open(place, os.O_RDONLY), os.readlink):
            try: use(f'/proc/{pid}/{entry}')
            except OSError: continue
            print(name, entry, 'REACHED')
`;

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const { stdout, stderr, exitCode, enforcement } = await box.exec('python3', ['-c', ATTEMPT]);
    assert.equal(exitCode, 0, stderr);
    assert.equal(enforcement.denials, 'full');
    assert.doesNotMatch(stdout, /REACHED/);
    assert.match(stdout, /^\[\]\n/);
    for (const name of ['init', 'launcher']) {
      assert.match(stdout, new RegExp(`${name} descriptors \\{-1\\} EPERM`));
      assert.match(stdout, new RegExp(`(${name} memory EPERM\n){2}(${name} trace EPERM\n){2}`));
    }
  });
}

const SOCKETS = `
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
file = os.open('seen', os.O_CREAT | os.O_WRONLY)
os.write(file, f'{os.getppid()}\\n'.encode())
seen = set()
while True:
    result = 'MADE' if libc.socket(2, 1, 0) >= 0 else errno.errorcode[ctypes.get_errno()]
    if result not in seen:
        seen.add(result)
        os.write(file, f'{result}\\n'.encode())
`;

test('a launcher that is killed lets no socket be made', async (t) => {
  const folder = workspace();
  const seen = () => {
    try {
      return readFileSync(path.join(folder, 'seen'), 'utf8').split('\n');
    } catch {
      return [];
    }
  };
  const run = sandbox(t, { profile: 'workspace-write', workspace: folder }).exec('python3', ['-c', SOCKETS]);
  const ended = assert.rejects(run, { code: 'SandboxUnavailable' });
  await until(() => seen().includes('EAFNOSUPPORT'), 'the first refusal');
  const launcher = Number(readFileSync(`/proc/${seen()[0]}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
  process.kill(launcher, 'SIGKILL');
  await ended;
  assert.deepEqual(seen().slice(1).filter((result) => !['EAFNOSUPPORT', 'ENOSYS', ''].includes(result)), []);
});
