// Builds, checks and packs everything that is published, on one Linux machine (Debian on x64, as root the first time).
//   npm run build:all [-- --only linux-x64-addon,darwin-arm64,…] [-- --keep]
// `--only` takes names of rows, or of platforms. `--keep` doesn't compile what was compiled before. The tarballs go to
// `target/packages`. Whatever is wrong with a row is in the table; the exit status is 1 then.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './build-all/check.mjs';
import { compile, outputOf } from './build-all/compile.mjs';
import { checkHeaders } from './build-all/libc.mjs';
import { ROWS } from './build-all/rows.mjs';
import { setUp } from './build-all/toolchain.mjs';
import { install, root } from './build.mjs';
import { packPlatform, packRoot } from './pack.mjs';
import { table } from './table.mjs';

const PACKAGES = path.join(root, 'target', 'packages');

const { values } = parseArgs({ options: { only: { type: 'string' }, keep: { type: 'boolean', default: false } } });
const rows = chosen(values.only?.split(','));
setUp();
checkHeaders();
const built = rows.map(buildRow);
const packed = packAll([...new Set(rows.map(({ platform }) => platform))]);

console.log(table(['row', 'bytes', 'seconds', 'result'], built.map(({ row, bytes, seconds, problems }) => [row.name, bytes, seconds, result(problems)])));
console.log(`\n${table(['package', 'packed bytes', 'files', 'result'], packed.map(({ name, bytes, files, problems }) => [name, bytes, files, result(problems)]))}`);
process.exitCode = [...built, ...packed].every(({ problems }) => problems.length === 0) ? 0 : 1;

function chosen(names) {
  if (!names) return ROWS;
  const unknown = names.find((name) => !ROWS.some((row) => row.name === name || row.platform === name));
  if (unknown !== undefined) throw new Error(`there is no row ${unknown}; there are ${ROWS.map(({ name }) => name).join(', ')}`);
  return ROWS.filter(({ name, platform }) => names.includes(name) || names.includes(platform));
}

function buildRow(row) {
  const start = performance.now();
  const to = path.join(root, 'npm', row.platform, row.file);
  console.log(`${row.name} …`);
  const { file, problem } = values.keep && existsSync(outputOf(row)) ? { file: outputOf(row) } : compile(row);
  const seconds = Math.round((performance.now() - start) / 1000);
  if (problem) {
    // What an earlier run left must not be packed.
    rmSync(to, { force: true });
    return { row, seconds, problems: [problem] };
  }
  install(file, to);
  return { row, seconds, ...check(row, file) };
}

function packAll(platforms) {
  rmSync(PACKAGES, { recursive: true, force: true });
  mkdirSync(PACKAGES, { recursive: true });
  return [packRoot(PACKAGES), ...platforms.map((platform) => packPlatform(platform, PACKAGES))];
}

function result(problems) {
  return problems.length === 0 ? 'ok' : problems.join('; ');
}
