// Checks the built files of platforms, in `npm/`: `node scripts/check.mjs PLATFORM…`.
import path from 'node:path';
import { check } from './build-all/check.mjs';
import { ROWS } from './build-all/rows.mjs';
import { root } from './build.mjs';

for (const row of ROWS.filter(({ platform }) => process.argv.slice(2).includes(platform))) {
  const { bytes, problems } = check(row, path.join(root, 'npm', row.platform, row.file));
  console.log(`${row.name}: ${bytes} bytes: ${problems.join('; ') || 'ok'}`);
  if (problems.length > 0) process.exitCode = 1;
}
