// Runs execa's own tests twice, as they are and with every child process in a sandbox, and names those that fail only there and
// for no reason that `expectations/execa-MAJOR.json` has.
//
//   CODEX_COMPAT_EXECA=/path/to/execa node __test__/compat/execa.mjs [--profile NAME] [FILE...]
//
// The folder is execa's source after `npm install`; the profile is trusted by default.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const HOOK = path.join(HERE, 'hook.cjs');
const { values: options, positionals: files } = parseArgs({
  allowPositionals: true, options: { profile: { type: 'string', default: 'trusted' } },
});
const folder = process.env.CODEX_COMPAT_EXECA;
const ava = path.join(folder ?? '', 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
if (!folder || !existsSync(ava)) {
  console.error("CODEX_COMPAT_EXECA must name execa's source, after `npm install` there");
  process.exit(2);
}

const [major] = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).version.split('.');
const reasons = path.join(HERE, 'expectations', `execa-${major}.json`);
const expected = existsSync(reasons) ? JSON.parse(readFileSync(reasons, 'utf8')) : {};
const IN_SANDBOXES = [`--node-arguments=--require ${HOOK}`];
const plain = await run([], files);
const sandboxed = await run(IN_SANDBOXES, files);
let fresh = [...sandboxed.failed].filter((title) => !plain.failed.has(title) && expected[title] === undefined);
if (fresh.length > 0) {
  // Some tests race with time: only what fails twice counts.
  const again = await run(IN_SANDBOXES, [...new Set(fresh.map(fileOf))]);
  fresh = fresh.filter((title) => again.failed.has(title));
}
for (const title of fresh) console.log(`fails in sandboxes alone: ${title}`);
console.log(`as it is: ${text(plain)}; ${options.profile}: ${text(sandboxed)}; ${fresh.length} fail in sandboxes alone, twice`);
process.exitCode = fresh.length === 0 && sandboxed.passed > 0 ? 0 : 1;

/** The titles that fail, and how many don't. */
async function run(flags, tests) {
  const child = spawn(process.execPath, [ava, '--tap', ...flags, ...tests], {
    cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, CODEX_PROFILE: options.profile, CODEX_WORKSPACE: folder },
  });
  const failed = new Set();
  let passed = 0;
  for await (const line of createInterface(child.stdout)) {
    const [, not, title] = /^(not )?ok \d+ - (.*)$/.exec(line) ?? [];
    if (title === undefined) continue;
    if (not) failed.add(title);
    else passed += 1;
  }
  return { passed, failed };
}

/** A title begins with the path of its file, where there is more than one. */
function fileOf(title) {
  const parts = title.split(' › ');
  const lengths = parts.map((_, index) => index + 1);
  const candidates = lengths.map((length) => `${path.join('test', ...parts.slice(0, length))}.js`);
  return candidates.find((file) => existsSync(path.join(folder, file))) ?? files[0];
}

function text({ passed, failed }) {
  return `${passed} pass, ${failed.size} fail`;
}
