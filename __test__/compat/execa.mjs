// Runs execa's own tests twice, as they are and with every child process in a sandbox, and names those that fail only there.
//
//   CODEX_COMPAT_EXECA=/path/to/execa node __test__/compat/execa.mjs [--profile NAME] [FILE...]
//
// The folder is execa's source after `npm install`; the profile is trusted by default.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HOOK = path.join(path.dirname(fileURLToPath(import.meta.url)), 'hook.cjs');
const { values: options, positionals: files } = parseArgs({
  allowPositionals: true, options: { profile: { type: 'string', default: 'trusted' } },
});
const folder = process.env.CODEX_COMPAT_EXECA;
const ava = path.join(folder ?? '', 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
if (!folder || !existsSync(ava)) {
  console.error("CODEX_COMPAT_EXECA must name execa's source, after `npm install` there");
  process.exit(2);
}

const plain = await run([]);
const sandboxed = await run([`--node-arguments=--require ${HOOK}`]);
// Some tests race with time: only what fails twice counts.
const again = await run([`--node-arguments=--require ${HOOK}`]);
const fresh = [...sandboxed.failed].filter((title) => again.failed.has(title) && !plain.failed.has(title));
for (const title of fresh) console.log(`fails in sandboxes alone: ${title}`);
console.log(`as it is: ${text(plain)}; ${options.profile}: ${text(sandboxed)}, again: ${text(again)}; ${fresh.length} fail in sandboxes alone`);
process.exitCode = fresh.length === 0 && sandboxed.passed > 0 ? 0 : 1;

/** The titles that fail, and how many don't. */
async function run(flags) {
  const child = spawn(process.execPath, [ava, '--tap', ...flags, ...files], {
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

function text({ passed, failed }) {
  return `${passed} pass, ${failed.size} fail`;
}
