// Runs Node's own tests of `child_process` against `@openai/codex/child_process`.
//
//   CODEX_COMPAT_SUITE=/path/to/node/test node __test__/compat/run.mjs [--uses] [--profile NAME] [PART...]
//
// The folder is the `test` folder of Node's source, of the major of the Node that runs this. Each test runs twice: as it is, and
// with every child process in a sandbox of the profile (default: trusted), whose workspace is the folder that the tests have for
// their files. A test that passes as it is must pass in sandboxes, too, unless `expectations/node-MAJOR.json` says, for this
// profile, why it can't: then it must fail, or is not run at all where its failure would do harm. PART: only tests with it in
// their names. `--uses`: all tests that use `child_process`, not only those of it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const HOOK = path.join(HERE, 'hook.cjs');
const FOLDERS = ['parallel', 'sequential', 'es-module'];
const MAJOR = process.versions.node.split('.')[0];
/** Milliseconds for one test. */
const MOST = 120_000;

const { values: options, positionals: parts } = parseArgs({
  allowPositionals: true, options: { uses: { type: 'boolean', default: false }, profile: { type: 'string', default: 'trusted' } },
});
const suite = process.env.CODEX_COMPAT_SUITE && realpathSync(process.env.CODEX_COMPAT_SUITE);
if (!suite || !existsSync(path.join(suite, 'parallel'))) {
  console.error("CODEX_COMPAT_SUITE must name the `test` folder of Node's source");
  process.exit(2);
}
const { fails = {}, unsafe = {} } = expectations();
const tests = FOLDERS.flatMap(names).filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)));
const tally = { passed: 0, 'failed as expected': 0, 'not run': 0, 'not passed by this Node as it is': 0, wrong: 0 };

await Promise.all(Array.from({ length: os.availableParallelism() }, async () => {
  for (let name = tests.shift(); name !== undefined; name = tests.shift()) await judge(name);
}));
console.log(`${options.profile}: ${Object.entries(tally).map(([what, count]) => `${count} ${what}`).join(', ')}`);
process.exitCode = tally.wrong === 0 && tally.passed > 0 ? 0 : 1;

async function judge(name) {
  if (unsafe[name] !== undefined) {
    tally['not run']++;
    return;
  }
  const plain = await run(name, []);
  if (plain.skipped || !plain.passed) {
    tally['not passed by this Node as it is']++;
    return;
  }
  const { passed, output } = await run(name, ['--require', HOOK]);
  const reason = fails[name];
  if (passed && reason === undefined) tally.passed++;
  else if (!passed && reason !== undefined) tally['failed as expected']++;
  else {
    tally.wrong++;
    console.log(passed ? `${name}: passes, although it was expected not to: ${reason}` : `${name}: fails\n${output.replace(/^/gm, '    ')}`);
  }
}

async function run(name, flags) {
  const file = path.join(suite, name);
  const own = /^\/\/ Flags:\s*(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1].split(/\s+/).filter(Boolean) ?? [];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'codex-compat-'));
  try {
    const child = spawn(process.execPath, [...own, ...flags, file], {
      timeout: MOST, killSignal: 'SIGKILL', cwd: path.dirname(suite), stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CODEX_PROFILE: options.profile, CODEX_WORKSPACE: folder, NODE_TEST_DIR: folder },
    });
    const ended = new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
    const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { passed: code === 0, skipped: /^1\.\.0 # Skipped/m.test(stdout), output: `${signal ?? code}\n${stdout}${stderr}`.slice(-4000) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function names(folder) {
  const directory = path.join(suite, folder);
  if (!existsSync(directory)) return [];
  const wanted = (name) => (options.uses ? readFileSync(path.join(directory, name), 'utf8').includes('child_process') : name.startsWith('test-child-process'));
  return readdirSync(directory).filter((name) => /^test-.*\.m?js$/.test(name) && wanted(name)).sort().map((name) => path.join(folder, name));
}

/** Reasons by test, of this profile; nothing that is not named is expected to fail. */
function expectations() {
  const file = path.join(HERE, 'expectations', `node-${MAJOR}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8'))[options.profile] ?? {}) : {};
}
