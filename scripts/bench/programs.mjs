// Whole processes, from their start to their end, and files.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { addonFile, platformPackage, root } from '../build.mjs';
import { sampleInRounds, timed } from './statistics.mjs';

const NODE = process.execPath;
const INDEX = path.join(root, 'index.js');

/** What the command line adds to the start of Node. */
export function commandLine({ rounds, workspace }) {
  // `env node`, as the first line of the program has it.
  const codex = ['/usr/bin/env', 'node', path.join(root, 'bin', 'codex.js')];
  return sampleInRounds({
    'node -e 0': timed(() => runs([NODE, '-e', '0'], workspace)),
    'codex exec -- true': timed(() => runs([...codex, 'exec', '--', 'true'], workspace)),
    'codex --version': timed(() => runs([...codex, '--version'], workspace)),
  }, { rounds });
}

/** What loading the package adds to the start of Node. */
export function importing({ rounds, workspace }) {
  const empty = path.join(workspace, 'empty.cjs');
  writeFileSync(empty, '');
  return sampleInRounds({
    'an empty script': timed(() => runs([NODE, empty], workspace)),
    'index.js': timed(() => runs([NODE, INDEX], workspace)),
  }, { rounds });
}

/** The time of `require` itself, in fresh processes. */
export function requiring({ rounds, workspace }) {
  const script = `const start = performance.now(); require(${JSON.stringify(INDEX)}); console.log(performance.now() - start);`;
  return sampleInRounds({ 'require(index.js)': () => Number(runs([NODE, '-e', script], workspace)) }, { rounds });
}

export function sizes() {
  const files = { addon: addonFile, 'codex-launcher': path.join(platformPackage, 'codex-launcher') };
  return Object.fromEntries(Object.entries(files).map(([name, file]) => {
    const bytes = readFileSync(file);
    return [name, { bytes: bytes.length, gzipBytes: gzipSync(bytes, { level: 9 }).length }];
  }));
}

function runs([program, ...args], cwd) {
  // The same Node for `env node`.
  const env = { ...process.env, PATH: `${path.dirname(NODE)}${path.delimiter}${process.env.PATH}` };
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${status ?? signal}: ${stderr}`);
  return stdout;
}
