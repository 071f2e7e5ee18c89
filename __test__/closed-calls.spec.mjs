// System calls that change the shape of the sandbox or reach deep into the kernel are closed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { PROBE, probe } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const SIGCHLD = 17;
const NAMESPACES = {
  mount: 0x20000, cgroup: 0x02000000, uts: 0x04000000, ipc: 0x08000000, user: 0x10000000, pid: 0x20000000, network: 0x40000000,
};
const REFUSED = {
  mount: [165, 's:none', 's:/tmp', 's:tmpfs', 0, 0], 'a remount': [165, 's:none', 's:/', 0, 0x20, 0], umount2: [166, 's:/tmp', 2],
  pivot_root: [155, 's:/', 's:/'], chroot: [161, 's:/tmp'], open_tree: [428, -100, 's:/', 1], open_tree_attr: [467, -100, 's:/', 0, 0, 0], quotactl_fd: [443, -1, 0, 0, 0], move_mount: [429, -1, 's:', -100, 's:/tmp', 4],
  fsopen: [430, 's:tmpfs', 0], fsmount: [432, -1, 0, 0], mount_setattr: [442, -100, 's:/', 0x8000, 'buffer', 32],
  open_by_handle_at: [304, -100, 'buffer', 0], setns: [308, 0, 0], bpf: [321, 0, 'buffer', 64],
  perf_event_open: [298, 'buffer', 0, -1, -1, 0], userfaultfd: [323, 0], kexec_load: [246, 0, 0, 'buffer', 0], init_module: [175, 'buffer', 0, 's:'],
  reboot: [169, 0, 0, 0], syslog: [103, 3, 'buffer', 4096], sethostname: [170, 's:x', 1], settimeofday: [164, 'buffer', 0],
  'a snapshot of btrfs': [16, 0, 0x50009401, 'buffer'], 'one with options': [16, 0, 0x50009417, 'buffer'], 'the end of a subvolume by its number': [16, 0, 0x5000943f, 'buffer'],
  'the end of a key of a file system': [16, 0, 0xc0406618, 'buffer'], 'that of all users': [16, 0, 0xc0406619, 'buffer'], 'a lease': [72, 0, 1024, 0],
  'another line discipline': [16, 0, 0x5423, 'buffer'], 'a terminal alone': [16, 0, 0x540c, 0],
  add_key: [248, 's:user', 's:x', 's:x', 1, -2], request_key: [249, 's:user', 's:x', 0, 0], keyctl: [250, 0, -3, 0],
};
const ABSENT = { io_uring_setup: [425, 8, 'buffer'], io_uring_enter: [426, 0, 0, 0, 0], io_uring_register: [427, 0, 0, 0, 0], clone3: [435, 'buffer', 64] };

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const [name, words] of Object.entries(REFUSED)) assert.equal(await probe(box, 'call', ...words), 'EPERM', name);
    for (const [name, words] of Object.entries(ABSENT)) assert.equal(await probe(box, 'call', ...words), 'ENOSYS', name);
    for (const [name, flag] of Object.entries(NAMESPACES)) {
      assert.equal(await probe(box, 'call', 272, flag), 'EPERM', `unshare: ${name}`);
      assert.equal(await probe(box, 'call', 56, flag | SIGCHLD, 0, 0, 0, 0), 'EPERM', `clone: ${name}`);
    }
  });
}

test('the usual programs for it fail', async (t) => {
  const box = sandbox(t, { profile: 'workspace-write', workspace: workspace() });
  for (const script of ['mount -t tmpfs none /tmp', 'mount --bind /tmp /var', 'umount /proc', 'unshare -Ur true', 'unshare -n true', 'nsenter -t 1 -m true']) {
    assert.notEqual((await sh(box, script)).exitCode, 0, script);
  }
});

test('calls by another entry of the kernel are no way around', async (t) => {
  const box = sandbox(t, { profile: 'workspace-write', workspace: workspace() });
  // getpid by the 32-bit entry; getpid of the x32 numbers.
  assert.doesNotMatch((await box.exec(PROBE, ['int80', '20'])).stdout, /done/);
  const foreign = await box.exec(PROBE, ['call', `${0x40000000 + 39}`]);
  assert.notEqual(foreign.stdout, '0\n');
});
