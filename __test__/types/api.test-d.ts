// Held by the compiler: what callers may write, and, marked, what they may not.
import type { ChildProcess } from 'node:child_process';
import { CodexError, Sandbox, SecurityProfile, exec } from '../../index.js';
import type { Decision, Enforcement, ExecOptions, ExecResult, SpawnOptions, SpawnResult, Subprocess } from '../../index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expectType<T>() {
  return <U>(_value: U, ..._same: Equal<T, U> extends true ? [] : [never]) => {};
}

async function callers() {
  await using sandbox = new Sandbox({ profile: 'workspace-write', workspace: new URL('file:///tmp') });
  expectType<ExecResult<string>>()(await sandbox.exec('ls'));
  expectType<ExecResult<string>>()(await sandbox.exec('ls', { timeout: 10 }));
  expectType<ExecResult<string>>()(await sandbox.exec('ls', ['-l'], { encoding: 'utf8' }));
  expectType<ExecResult<Buffer>>()(await sandbox.exec('ls', ['-l'], { encoding: 'buffer' }));
  expectType<ExecResult<Buffer>>()(sandbox.execSync('ls', [], { encoding: 'buffer' }));
  expectType<ExecResult<Buffer>>()(await exec('ls', [], { profile: 'offline', encoding: 'buffer' }));
  expectType<Enforcement | undefined>()((await exec('ls')).enforcement);
  expectType<boolean>()(Sandbox.capabilities().required);

  await using run = sandbox.spawn('sh', ['-c', 'cat'], { stdio: ['pipe', 'pipe', 'inherit', 'ignore', 7, process.stdout] });
  expectType<SpawnResult<string>>()(await run);
  for await (const line of run) expectType<string>()(line);
  expectType<Subprocess<Buffer>>()(sandbox.spawn('ls', ['-l'], { encoding: 'buffer', stdio: 'pty', columns: 100 }));
  expectType<Buffer | undefined>()((await sandbox.spawn('ls', [], { encoding: 'buffer' })).stdout);
  expectType<number | undefined>()(run.pid);
  run.stdin?.end('input');
  await sandbox.exec('ls', { stdout: 'inherit', stdin: 3 });
  expectType<ChildProcess>()(sandbox.childProcess().fork('child.js'));

  const profile = new SecurityProfile('offline').extend({ denyRead: ['/a'], environment: { mode: 'minimal' } });
  expectType<SecurityProfile>()(profile);
  expectType<Promise<SecurityProfile>>()(SecurityProfile.load('profile.toml'));
  expectType<Decision>()(profile.explain({ write: '/etc/passwd' }));
  expectType<string>()(new CodexError('x').code);

  const failed = new CodexError('x');
  expectType<number | null | undefined>()(failed.exitCode);
  expectType<string | Buffer | undefined>()(failed.stdout);
  const passedOn = (options: ExecOptions) => sandbox.exec('ls', [], options);
  expectType<string | Buffer>()((await passedOn({})).stdout);
  const spawned = (options: SpawnOptions) => sandbox.spawn('ls', [], options);
  expectType<string | Buffer | undefined>()((await spawned({})).stdout);
  const absent: AbortSignal | undefined = failed.failed ? new AbortController().signal : undefined;
  expectType<string>()((await sandbox.exec('ls', [], { signal: absent, cwd: undefined, env: undefined })).stdout);
  new Sandbox({ onRequest: undefined, policy: undefined });

  // @ts-expect-error an unknown profile
  new Sandbox({ profile: 'everything' });
  // @ts-expect-error an unknown option
  await sandbox.exec('ls', [], { shell: true });
  // @ts-expect-error a terminal needs streams
  await sandbox.exec('ls', [], { stdout: 'pty' });
  // @ts-expect-error two questions at once
  profile.explain({ read: '/a', write: '/a' });
  // @ts-expect-error an enforcement report can't be changed
  (await sandbox.exec('ls')).enforcement!.seccomp = false;
}

void callers;
