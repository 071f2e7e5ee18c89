// Runs the specs of the attack catalogue and prints, for each attack, what came of it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROWS } from './catalogue/rows.mjs';
import { addonFile, build, root } from './build.mjs';

if (!existsSync(addonFile)) build();

const specs = [...new Set(ROWS.flatMap((row) => row.specs))].sort();
const outcomes = new Map(specs.map((spec) => [spec, run(spec)]));

const width = Math.max(...ROWS.map(({ attack }) => attack.length));
let failed = 0;
for (const { row, attack, outcome, specs: held } of ROWS) {
  const wrong = held.filter((spec) => !outcomes.get(spec));
  if (wrong.length > 0) failed += 1;
  const result = wrong.length === 0 ? 'ok' : `WRONG, see ${wrong.join(', ')}`;
  console.log(`${row.padEnd(4)} ${attack.padEnd(width)}  ${outcome.padEnd(6)}  ${result}`);
}
console.log(`\n${ROWS.length - failed} of ${ROWS.length} attacks came out right`);
process.exitCode = failed === 0 ? 0 : 1;

function run(spec) {
  process.stderr.write(`${spec}\n`);
  const file = path.join('__test__', `${spec}.spec.mjs`);
  return spawnSync(process.execPath, ['--test', file], { cwd: root, stdio: 'ignore' }).status === 0;
}
