// A machine that is emulated whole: with a kernel of its own it has the sandbox that such a machine has.
//   node machine.mjs SYSTEM PROGRAM ARGUMENTS…
// starts it from a file that `makeSystem` made, and runs a program there in a copy of the current directory.
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT = 200_000;

/** By the end of the name of the folder that has the kernel and the systems. */
const MACHINES = {
  arm64: { program: 'qemu-system-aarch64', hardware: ['-machine', 'virt', '-cpu', 'cortex-a76'], console: 'ttyAMA0' },
  x64: { program: 'qemu-system-x86_64', hardware: ['-machine', 'q35', '-cpu', 'max'], console: 'ttyS0' },
};

/** The first program of the machine. What is in memory at first can't be a root that a sandbox leaves behind: it moves. */
const INIT = `#!/bin/busybox sh
if [ ! -e /moved ]; then
  /bin/busybox --install -s
  mount -t tmpfs new /new
  mkdir /new/dev /new/proc /new/sys /new/tmp /new/run && chmod 1777 /new/tmp && touch /new/moved
  cp -a /bin /etc /init /lib* /root /sbin /usr /new
  exec switch_root /new /init
fi
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev
mkdir /dev/pts /dev/shm && mount -t devpts pts /dev/pts && mount -t tmpfs shm /dev/shm && mount -t cgroup2 groups /sys/fs/cgroup
ip link set lo up
export HOME=/root PATH=/usr/bin:/bin
cd /root/work && sh ../command > /run/stdout 2> /run/stderr
echo $? > /dev/vport0p3
cat /run/stdout > /dev/vport0p1
cat /run/stderr > /dev/vport0p2
poweroff -f
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = runThere(process.argv[2], process.argv.slice(3), process.cwd());

/** Makes the file of a system: of `{ 'usr/bin/node': FILE OR FOLDER, … }`, with what every system needs. */
export function makeSystem(file, entries) {
  const folder = mkdtempSync(path.join(path.dirname(file), 'system-'));
  for (const name of ['bin', 'etc', 'lib', 'new', 'root', 'sbin', 'usr/bin', 'usr/sbin']) mkdirSync(path.join(folder, name), { recursive: true });
  for (const [name, from] of Object.entries(entries)) cpSync(from, path.join(folder, name), { recursive: true, verbatimSymlinks: true });
  writeFileSync(path.join(folder, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(path.join(folder, 'init'), INIT);
  chmodSync(path.join(folder, 'init'), 0o755);
  writeFileSync(`${file}.new`, archive(folder));
  renameSync(`${file}.new`, file);
  rmSync(folder, { recursive: true });
}

/** Runs a program in a copy of a directory; passes its output on and returns its exit code. */
export function runThere(system, words, directory, limit = LIMIT) {
  const machine = MACHINES[path.dirname(system).split('-').at(-1)];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'codex-machine-'));
  try {
    const own = path.join(folder, 'own');
    cpSync(directory, path.join(own, 'root', 'work'), { recursive: true, verbatimSymlinks: true });
    writeFileSync(path.join(own, 'root', 'command'), `exec ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}\n`);
    const memory = path.join(folder, 'memory');
    cpSync(system, memory);
    appendFileSync(memory, archive(own));
    const ports = ['stdout', 'stderr', 'status'].map((name) => path.join(folder, name));
    const { status, signal, stdout, stderr } = spawnSync(machine.program, [
      ...machine.hardware, '-smp', '2', '-m', '3G', '-nodefaults', '-nographic', '-no-reboot',
      '-kernel', path.join(path.dirname(system), 'kernel'), '-initrd', memory, '-append', `console=${machine.console} quiet panic=-1`, '-serial', 'stdio',
      '-device', 'virtio-serial-pci', ...ports.flatMap((file, index) => ['-chardev', `file,id=c${index},path=${file}`, '-device', `virtserialport,chardev=c${index}`]),
    ], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: limit });
    const [out, err, ended] = ports.map((file) => readFileSync(file));
    process.stdout.write(out);
    process.stderr.write(err);
    if (ended.length === 0) throw new Error(`the machine ended with ${signal ?? status}: ${stdout}${stderr}`);
    return Number(ended);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder as the kernel unpacks it into its memory. */
function archive(folder) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', 'find . | cpio --create --format=newc --quiet --owner=0:0'], { cwd: folder, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`cpio: ${stderr}`);
  return stdout;
}
