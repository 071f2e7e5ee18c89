// What a benchmark runs on.
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';

export function machine(loadBefore) {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryBytes: os.totalmem(),
    kernel: os.release(),
    // With huge pages for everything, a large heap costs Node less to fork.
    transparentHugePages: chosen('/sys/kernel/mm/transparent_hugepage/enabled'),
    node: process.version,
    load: { before: loadBefore, after: os.loadavg()[0] },
  };
}

/** The bracketed word of a kernel setting. */
function chosen(file) {
  return existsSync(file) ? (/\[(\w+)\]/.exec(readFileSync(file, 'utf8'))?.[1] ?? null) : null;
}
