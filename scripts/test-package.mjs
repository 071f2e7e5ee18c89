// The package as users get it: packed, looked through by publint and attw, installed without a network, compiled against and
// run: `node scripts/test-package.mjs`. The package of the platform may hold one addon of two here: its size is not judged.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, run } from './build.mjs';
import { packPlatform, packRoot } from './pack.mjs';
import { testContents } from './test-package-contents.mjs';

const TYPES = path.join(root, '__test__', 'types');
/** A shell finds `npm.cmd`. */
const npm = (args, cwd) => run('npm', args, { cwd, shell: process.platform === 'win32' });

testPackage();

function testPackage() {
  // Not below the tmp of the machine, which is private in a sandbox.
  const parent = path.join(root, 'target');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'package-'));
  try {
    const packed = packRoot(folder);
    if (packed.problems.length > 0) throw new Error(`${packed.name}: ${packed.problems.join('; ')}`);
    const platform = packPlatform(`${process.platform}-${process.arch}`, folder);
    testContents(folder, `${process.platform}-${process.arch}`);
    run(process.execPath, [tool('publint', 'src/cli.js'), 'run', packed.file, '--strict']);
    run(process.execPath, [tool('@arethetypeswrong/cli', 'dist/index.js'), packed.file, '--format', 'ascii']);

    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
    npm(['install', '--offline', '--no-audit', '--no-fund', packed.file, platform.file], folder);
    compile(folder);
    copyFileSync(path.join(root, '__test__', 'conformance.cjs'), path.join(folder, 'conformance.cjs'));
    run(process.execPath, ['conformance.cjs'], { cwd: folder });
    // On Windows a sandbox sees only what it is granted.
    const readable = process.platform === 'win32' ? ['--readable', path.dirname(process.execPath)] : [];
    npm(['exec', '--no', '--', 'codex', 'exec', ...readable, '--', process.execPath, '--version'], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Holds the types of the installed package to what the type tests say of it, for each way to resolve modules. */
function compile(folder) {
  const test = readFileSync(path.join(TYPES, 'api.test-d.ts'), 'utf8').replaceAll('../../index.js', '@openai/codex');
  writeFileSync(path.join(folder, 'api.test-d.ts'), test);
  const { compilerOptions } = JSON.parse(readFileSync(path.join(TYPES, 'tsconfig.json'), 'utf8'));
  for (const [module, moduleResolution] of [['node16', 'node16'], ['esnext', 'bundler']]) {
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...compilerOptions, module, moduleResolution }, files: ['api.test-d.ts'] }));
    run(process.execPath, [tool('typescript', 'bin/tsc'), '--project', folder]);
  }
}

/** A program of a development dependency, by its file: names in `.bin` are no scripts on Windows. */
function tool(name, file) {
  const found = path.join(root, 'node_modules', name, file);
  if (!existsSync(found)) throw new Error(`${found} is missing; run \`npm ci --ignore-scripts\``);
  return found;
}
