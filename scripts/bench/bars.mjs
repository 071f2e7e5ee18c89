// What the package promises of its cost. Bars are reported, not asserted: a machine at work misses some.

const WORK = ['git status, 3000 files', 'npm ci, 1000 files', 'cargo build', 'tar x, 2000 files'];
const COMMAND = ['offline, captured', 'workspace-write, captured'];

export function judge(groups, files) {
  const ratio = (group, figure) => groups.find(({ name }) => name === group).figures[figure].ratio.median;
  return [
    ...COMMAND.map((figure) => atMost(`small heap: ${figure}, of spawn`, 0.5, ratio('smallHeap', figure))),
    ...COMMAND.map((figure) => atMost(`1.5 GiB retained: ${figure}, of spawn`, 0.02, ratio('largeHeap', figure))),
    ...COMMAND.map((figure) => atLeast(`per second, 8 at a time: ${figure}, of spawn`, 3, ratio('throughput', figure))),
    atMost('with an audit log: time, of without', 1.05, ratio('audited', 'offline, audited')),
    atMost('with an audit log: CPU, of without', 1.05, ratio('auditedCpu', 'offline, audited')),
    ...WORK.map((name) => atMost(`${name}: CPU, of spawn`, 1.05, ratio('work', `${name}, workspace-write`))),
    atMost('10000 new files: CPU, of spawn', 1.25, ratio('work', 'a storm of 10000 new files, workspace-write')),
    atMost('2 GB of output: CPU, of spawn', 0.65, ratio('streams', 'offline, stdout')),
    atMost('2 GB of output: memory, of spawn', 1, ratio('streamsMemory', 'offline, stdout')),
    atMost('codex exec -- true, of node -e 0', 1.25, ratio('commandLine', 'codex exec -- true')),
    atMost('size of the addon in bytes', 3_000_000, files.addon.bytes),
  ];
}

function atMost(name, limit, value) {
  return { name, bar: `<= ${limit}`, value, ok: value <= limit };
}

export function atLeast(name, limit, value) {
  return { name, bar: `>= ${limit}`, value, ok: value >= limit };
}
