// Sets the ratios of benchmark runs of a change against those of what it changes; ends with 1 when one got worse by more than 10 %.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** What a ratio of the change may be, as a part of what it was. */
const TOLERANCE = 0.1;
/** Groups whose figures are better the larger they are. */
const RATES = new Set(['throughput']);

const { values } = parseArgs({ options: { base: { type: 'string', multiple: true }, head: { type: 'string', multiple: true } } });
if (!values.base || !values.head) {
  console.error('name the runs to compare: --base FILE... --head FILE..., each written by `npm run --silent bench -- --json`');
  process.exit(2);
}

const [before, after] = [best(values.base), best(values.head)];
let worse = 0;
for (const [name, ratio] of after) {
  // A figure that is new has nothing to be compared with.
  if (!before.has(name)) continue;
  const change = RATES.has(name.split(': ')[0]) ? before.get(name) / ratio - 1 : ratio / before.get(name) - 1;
  const regressed = change > TOLERANCE;
  worse += Number(regressed);
  console.log(`${regressed ? 'WORSE' : 'ok   '}  ${name}: ${before.get(name).toFixed(4)} -> ${ratio.toFixed(4)}`);
}
if (worse > 0) {
  console.error(`${worse} of the ratios to Node got worse by more than ${TOLERANCE * 100} %`);
  process.exitCode = 1;
}

/** The best ratio of medians of several runs: what disturbs a machine only ever makes a figure worse. */
function best(files) {
  const ratios = new Map();
  for (const file of files) {
    for (const { group, name, median } of JSON.parse(readFileSync(file, 'utf8')).ratios) {
      const key = `${group}: ${name}`;
      const better = RATES.has(group) ? Math.max : Math.min;
      ratios.set(key, ratios.has(key) ? better(ratios.get(key), median) : median);
    }
  }
  return ratios;
}
