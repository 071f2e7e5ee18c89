// Runs the specs of the attack catalogue and prints, for each attack, what came of it. With `--fallback` on a machine on which user
// namespaces are forbidden, as an ordinary user who takes best effort.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inFallback } from './catalogue/fallback.mjs';
import { FALLBACK, ROWS } from './catalogue/rows.mjs';
import { addonFile, build, root } from './build.mjs';
import { withOrdinaryUser } from './ordinary-user.mjs';
import { table } from './table.mjs';

const { values } = parseArgs({ options: { fallback: { type: 'boolean', default: false } } });
if (!existsSync(addonFile)) build();

if (!values.fallback) print(ROWS, ({ attack, outcome }) => [attack, outcome], ['attack', 'outcome'], run);
else if (process.getuid() === 0) withOrdinaryUser(printFallback);
else printFallback({ checkout: root, options: { env: process.env } });

function printFallback({ checkout, options }) {
  const cells = ({ attack, outcome, lacks }) => [attack, outcome, lacks];
  print(FALLBACK, cells, ['attack', 'outcome', 'said to be missing'], (spec) => {
    const { file, args, env } = inFallback(checkout, [spec], options.env);
    return spawnSync(file, args, { ...options, env, cwd: checkout, stdio: 'ignore' });
  });
}

function run(spec) {
  return spawnSync(process.execPath, ['--test', spec], { cwd: root, stdio: 'ignore' });
}

function print(rows, cells, head, run) {
  const specs = [...new Set(rows.flatMap((row) => row.specs))].sort();
  const outcomes = new Map(specs.map((spec) => {
    process.stderr.write(`${spec}\n`);
    return [spec, run(path.join('__test__', `${spec}.spec.mjs`)).status === 0];
  }));
  const results = rows.map((row) => {
    const wrong = row.specs.filter((spec) => !outcomes.get(spec));
    return [row.row, ...cells(row), wrong.length === 0 ? 'ok' : `WRONG, see ${wrong.join(', ')}`];
  });
  const right = results.filter((result) => result.at(-1) === 'ok').length;
  console.log(table(['row', ...head, 'result'], results));
  console.log(`\n${right} of ${rows.length} attacks came out right`);
  process.exitCode = right === rows.length ? 0 : 1;
}
