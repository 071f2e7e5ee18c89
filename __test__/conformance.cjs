'use strict';
// What the package must do on every platform and runtime, from a folder where it is installed: prints a line of JSON that
// says of each part `ok`, `refused: …` (this machine can't hold a sandbox, and the package says so) or what failed. The exit
// status is 0 only where all is ok.
const { existsSync, mkdirSync, mkdtempSync } = require('node:fs');
const path = require('node:path');

const PARTS = { exec, policy, audit };

main();

async function main() {
  const report = { loaded: 'ok' };
  let codex;
  try {
    codex = require('@openai/codex');
  } catch (error) {
    console.log(JSON.stringify({ loaded: error.message }));
    process.exitCode = 1;
    return;
  }
  // It stays: whoever installed the package removes all of it.
  const folder = mkdtempSync(path.join(process.cwd(), 'conformance-'));
  for (const [name, part] of Object.entries(PARTS)) {
    report[name] = await part(codex, folder).then(() => 'ok', explain);
  }
  console.log(JSON.stringify(report));
  if (Object.values(report).some((result) => result !== 'ok')) process.exitCode = 1;
}

function explain(error) {
  return error.code === 'SandboxUnavailable' ? `refused: ${error.message}` : String(error.stack);
}

/** A command runs, its streams and exit code come back, and what it may not write isn't written. */
async function exec({ Sandbox, SecurityProfile }, folder) {
  const workspace = path.join(folder, 'workspace');
  mkdirSync(workspace);
  const inside = path.join(workspace, 'inside');
  const outside = path.join(folder, 'outside');
  const write = (file) => ['-e', `require('node:fs').writeFileSync(${JSON.stringify(file)}, ''); console.log('written')`];
  // On Windows a sandbox sees only what it is granted, and no writing profile can be had whole.
  const windows = process.platform === 'win32';
  const profile = new SecurityProfile('workspace-write', windows ? { readable: [path.dirname(nodeProgram())] } : {});
  const sandbox = new Sandbox({ profile, workspace, enforcement: windows ? 'best-effort' : 'required' });
  try {
    const allowed = await sandbox.exec(nodeProgram(), write(inside));
    demand(allowed.exitCode === 0 && allowed.stdout === 'written\n' && existsSync(inside), `a write in the workspace: ${allowed.stderr}`);
    const denied = await sandbox.exec(nodeProgram(), write(outside));
    // Where the folder is below a tmp, which is private to the sandbox, the write goes there.
    demand(!existsSync(outside), 'a write outside the workspace was not held');
    demand(denied.enforcement.filesystem.length > 0, 'nothing is said to be enforced');
  } finally {
    await sandbox.close();
  }
}

async function policy({ ExecPolicy }) {
  const builtin = ExecPolicy.builtin();
  for (const [line, decision] of [['rm -rf /', 'forbid'], ['an-unknown-program --option', 'prompt']]) {
    demand(builtin.check(line).decision === decision, `${line}: ${builtin.check(line).decision}`);
  }
  const own = ExecPolicy.parse('[[rule]]\ndecision = "allow"\ncommand = ["an-unknown-program"]\nmatch = ["an-unknown-program"]\nnot_match = ["true"]\n');
  demand(own.check(['an-unknown-program']).decision !== 'forbid', 'a rule of the caller');
}

async function audit({ AuditLog }, folder) {
  const file = path.join(folder, 'log', 'audit.jsonl');
  const log = await AuditLog.open(file);
  for (let count = 0; count < 3; count += 1) await log.logCommandExec('true', 'allow');
  await log.close();
  const again = await AuditLog.open(file);
  const { ok, records, firstBad } = await again.verify();
  await again.close();
  demand(ok && records >= 3, `the log doesn't verify: ${JSON.stringify(firstBad)}`);
}

/** A Node to run in the sandbox: what runs this may be another runtime, or no program of its own. */
function nodeProgram() {
  return process.env.CONFORMANCE_NODE ?? process.execPath;
}

function demand(holds, what) {
  if (!holds) throw new Error(what);
}
