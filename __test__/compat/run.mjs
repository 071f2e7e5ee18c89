// Runs Node's own suite of `child_process` against `@openai/codex/child_process`.
//
//   CODEX_COMPAT_SUITE=/path/to/node/test node __test__/compat/run.mjs [NAME...]
//
// The folder is the `test` folder of a checkout of Node's source, of the major of the Node that runs this. Each test runs twice:
// as it is, and in sandboxes of the profile CODEX_COMPAT_PROFILE (default: trusted). A test that passes as it is must pass in
// sandboxes, too, unless `expectations/node-MAJOR.json` says why it can't; one that it names must fail.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const SECONDS = 120;
const MAJOR = process.versions.node.split('.')[0];

const suite = process.env.CODEX_COMPAT_SUITE && realpathSync(process.env.CODEX_COMPAT_SUITE);
if (!suite || !existsSync(path.join(suite, 'parallel'))) {
  console.error("CODEX_COMPAT_SUITE must name the `test` folder of a checkout of Node's source");
  process.exit(2);
}

const expected = expectations();
const wanted = process.argv.slice(2);
const tests = ['parallel', 'sequential', 'es-module'].flatMap((folder) => names(folder))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const tally = { passed: 0, 'failed as expected': 0, 'not run by this Node': 0, wrong: 0 };
for (const name of tests) judge(name);
console.log(Object.entries(tally).map(([what, count]) => `${count} ${what}`).join(', '));
process.exitCode = tally.wrong === 0 && tests.length > 0 ? 0 : 1;

function judge(name) {
  const plain = run(name, []);
  if (plain.skipped || !plain.passed) {
    tally['not run by this Node']++;
    return;
  }
  const { passed, output } = run(name, ['--require', path.join(HERE, 'hook.cjs')]);
  const reason = expected[name];
  if (passed && reason === undefined) tally.passed++;
  else if (!passed && reason !== undefined) tally['failed as expected']++;
  else {
    tally.wrong++;
    console.log(passed ? `${name}: passes, although it was expected not to: ${reason}` : `${name}: fails\n${output.replace(/^/gm, '    ')}`);
  }
}

function run(name, flags) {
  const file = path.join(suite, name);
  const own = /^\/\/ Flags:\s*(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1].split(/\s+/).filter(Boolean) ?? [];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...own, ...flags, file], {
    encoding: 'utf8', timeout: SECONDS * 1000, killSignal: 'SIGKILL', cwd: suite,
    env: { ...process.env, CODEX_COMPAT_SUITE: suite, CODEX_PROFILE: process.env.CODEX_COMPAT_PROFILE ?? 'trusted', CODEX_WORKSPACE: suite, NODE_TEST_DIR: suite },
  });
  return { passed: status === 0, skipped: /^1\.\.0 # Skipped/m.test(stdout ?? ''), output: `${signal ?? status}\n${stdout}${stderr}`.slice(-4000) };
}

function names(folder) {
  const directory = path.join(suite, folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => /^test-child-process.*\.m?js$/.test(name)).sort().map((name) => path.join(folder, name));
}

/** Reasons by test; a file that is missing expects nothing to fail. */
function expectations() {
  const file = path.join(HERE, 'expectations', `node-${MAJOR}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
