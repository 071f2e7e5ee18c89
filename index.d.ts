/** What a command may touch. `workspace` is short for `workspace-write`. */
export type ProfileName = 'offline' | 'net-read-only' | 'workspace-write' | 'workspace' | 'workspace-net' | 'trusted';

/**
 * What is added to a profile or taken from it. Unknown keys are errors. The same keys stand in TOML and JSON files;
 * `schemas/security-profile.schema.json` is their JSON Schema.
 */
export interface ProfileInit {
  /** The profile that this one starts from. Default: `offline`. */
  profile?: ProfileName;
  /** More directories that the run may write: absolute, `~/…`, or relative to the workspace. Only in the workspace profiles. */
  writable?: string[];
  /** Paths that the run may not read: absolute, `~/…`, or relative to the workspace. Literal; not in `trusted`. */
  denyRead?: string[];
  /** Narrows the network of the profile. It can't widen it. */
  network?: 'none' | 'outbound';
  environment?: {
    /** `inherit` (default): the host's, minus secrets and what injects code. `minimal`: only what programs need to work. */
    mode?: 'inherit' | 'minimal';
    /** Names that are inherited although they look like secrets or inject code. */
    allow?: string[];
    /** Names that the run never sees. */
    deny?: string[];
    /** Variables that the run is given. */
    set?: Record<string, string>;
  };
}

/** The form that Codex uses. */
export type SandboxPolicy =
  | { type: 'read-only'; network_access?: boolean }
  | {
      type: 'workspace-write';
      writable_roots?: string[];
      network_access?: boolean;
      exclude_tmpdir_env_var?: boolean;
      exclude_slash_tmp?: boolean;
    }
  | { type: 'danger-full-access' };

/** One access to judge: exactly one of the three. */
export type Access =
  | { read: string; write?: never; connect?: never }
  | { write: string; read?: never; connect?: never }
  | { connect: string; read?: never; write?: never };

/** Whether a policy allows an access, and why. */
export interface Decision {
  allowed: boolean;
  /** The rule that decided, for programs: `workspace`, `deny-read`, `no-network`, … */
  rule: string;
  /** The rule in words. */
  reason: string;
  /** What to change so that it is allowed; `null` when it is, or when nothing would help. */
  grant: string | null;
}

/** A validated, immutable profile. Throws `CodexError` with code `ProfileError` for what it can't hold. */
export class SecurityProfile {
  /** @param name Default: `offline`. In any case; also `Offline`, `NetReadOnly`, … */
  constructor(name?: ProfileName, overrides?: ProfileInit);
  static named(name: ProfileName, overrides?: ProfileInit): SecurityProfile;
  /** Reads a `.toml` or `.json` file of at most 1 MiB. */
  static load(path: string | URL): Promise<SecurityProfile>;
  /** The profile of a Codex sandbox policy. */
  static fromSandboxPolicy(policy: SandboxPolicy): SecurityProfile;
  /** The canonical name of the base profile. */
  readonly name: Exclude<ProfileName, 'workspace'>;
  /** A profile with more overrides. Restrictions add up; none is lost. */
  extend(overrides: ProfileInit): SecurityProfile;
  /** The Codex form for a workspace (default: the current directory). Throws where Codex can't express a restriction. */
  toSandboxPolicy(workspace?: string | URL): SandboxPolicy;
  /** Judges one access without running anything. Paths are judged by where they land. */
  explain(access: Access, workspace?: string | URL): Decision;
  toJSON(): ProfileInit;
}

/** What becomes of a command line. */
export interface Verdict {
  /** `allow`: it provably only reads, or a rule allows it. `prompt`: somebody must say yes. `forbid`: it must not run. */
  decision: 'allow' | 'prompt' | 'forbid';
  /** Why, in words. */
  reason: string;
  /** The `id` of the rule that decided, or a name beginning with `builtin:`. */
  rule: string;
  /** The words of the part that decided, wrappers and quotes removed. */
  argv: string[];
  /** The part that decided, counted from 0. */
  part: number;
  /** How many parts were judged. */
  parts: number;
  /** What would turn a `prompt` into an `allow`. */
  hint?: string;
}

/** What came out of the examples of all rules. */
export interface TestReport {
  rules: number;
  examples: number;
  failures: { rule: string; source: string; line: number; example: string; shouldMatch: boolean }[];
  warnings: string[];
}

/** A rules file as an object; `schemas/exec-policy.schema.json` is its JSON Schema. */
export interface PolicyRules {
  rule: {
    id?: string;
    /** The first words of a command; an element may list alternatives, or be `"*"`. */
    command: (string | string[])[];
    decision: 'allow' | 'prompt' | 'forbid';
    reason?: string;
    flags?: Record<string, unknown> | string[];
    env?: Record<string, unknown> | string[];
    /** Command lines that the rule must match; checked when it is loaded. */
    match: string[];
    /** Command lines that it must not match. */
    not_match: string[];
  }[];
}

/**
 * Judges command lines before they run: the built-in knowledge, and the rules that were loaded. The strictest of all parts
 * of a line wins. What it allows is still held by the sandbox. Throws `CodexError` with code `PolicyError` for a broken rule.
 */
export class ExecPolicy {
  private constructor();
  /** The policy without any rule of a user. */
  static builtin(): ExecPolicy;
  /** The rules of a TOML text or of the same object. */
  static parse(rules: string | PolicyRules): ExecPolicy;
  /**
   * The rules of TOML files. One inside `workspace` (default: the current directory) may only tighten. With
   * `administrator` the files must belong to root and be writable by nobody else.
   */
  static load(path: string | URL | (string | URL)[], options?: { workspace?: string | URL; administrator?: boolean }): Promise<ExecPolicy>;
  /** Judges a command line, or a program with its words. */
  check(
    argvOrLine: string | readonly string[],
    context?: { shell?: 'bash' | 'powershell' | 'cmd'; profile?: SecurityProfile | ProfileName; workspace?: string | URL },
  ): Verdict;
  /** Tries the examples of all rules. */
  test(): TestReport;
}

/** A command that the exec policy asks about. */
export interface AccessRequest extends Verdict {
  kind: 'exec';
  file: string;
  args: readonly string[];
}

/** What the kernel applied for a run. Frozen; shared by the runs of a sandbox. */
export interface Enforcement {
  readonly profile: Exclude<ProfileName, 'workspace'>;
  /** What holds the file rules; empty under `trusted`. */
  readonly filesystem: readonly ('mounts' | 'landlock')[];
  /** `unfiltered` and `host` are the host's network as it is. */
  readonly network: 'private-loopback' | 'blocked' | 'unfiltered' | 'host';
  /** What the end of a run rests on. */
  readonly processes: 'pid-namespace' | 'subreaper';
  readonly seccomp: boolean;
  /** Whether programs run without any capability, also when root started them. */
  readonly capabilitiesDropped: boolean;
  /** The Landlock version; 0 when it was not used. */
  readonly landlockAbi: number;
  /** Promises of the profile that this run did not hold. */
  readonly unenforced: readonly {
    readonly promise: string;
    /** `machine`: this machine lacks what it takes. `version`: this version doesn't enforce it anywhere. */
    readonly cause: 'machine' | 'version';
    readonly reason: string;
  }[];
}

/** What this machine can enforce. */
export interface Capabilities {
  /** Whether every profile can be had with enforcement required. */
  required: boolean;
  /** Whether the restricted profiles can be had at least with best-effort enforcement. */
  bestEffort: boolean;
  features: { name: string; present: boolean; detail: string; remedy: string | null }[];
}

export interface SandboxOptions {
  /** Default: `offline`. */
  profile?: SecurityProfile | ProfileName;
  /** The working directory of commands and, in the workspace profiles, writable. Must exist. Default: the current one. */
  workspace?: string | URL;
  /**
   * `required` (default): a machine that can't hold every promise of the profile is refused. `best-effort`: what can be
   * enforced is, and `enforcement.unenforced` says what is missing; without any file boundary it is still refused.
   */
  enforcement?: 'required' | 'best-effort';
  /** Judges each command before it runs. `forbid` rejects with `PolicyRefused`, `prompt` asks `onRequest`. Default: none. */
  policy?: ExecPolicy;
  /** Answers what the policy asks. Without it a `prompt` rejects with `PolicyPrompt`. Not asked by `execSync`. */
  onRequest?(request: AccessRequest): Promise<'allow' | 'deny'> | 'allow' | 'deny';
}

export interface ExecOptions<Encoding extends 'utf8' | 'buffer' = 'utf8' | 'buffer'> {
  /** The working directory; relative to the workspace. Default: the workspace. */
  cwd?: string | URL;
  /**
   * Replaces the environment, as in `node:child_process`. Variables that are the host's own are filtered by the profile;
   * what you add or change is passed as it is. Default: `process.env`, filtered.
   */
  env?: Record<string, string | undefined>;
  /** Written to standard input, then closed. Default: no input. */
  input?: string | Buffer | NodeJS.ArrayBufferView;
  /** `pipe` (default): captured. `ignore`: dropped. */
  stdout?: 'pipe' | 'ignore';
  /** `pipe` (default): captured. `ignore`: dropped. */
  stderr?: 'pipe' | 'ignore';
  /** `utf8` (default): strings. `buffer`: the bytes. */
  encoding?: Encoding;
  /** Milliseconds after which `killSignal` is sent. Default: 0, never. */
  timeout?: number;
  /** Bytes of each stream that are kept; the rest is dropped and `truncated` is true. Default: 10 MiB. */
  maxBuffer?: number;
  /** Aborts the command: `killSignal`, then the end of its tree. */
  signal?: AbortSignal;
  /** Sent to the program's process group at the timeout or abort. Default: `SIGTERM`. */
  killSignal?: NodeJS.Signals | number;
  /** Milliseconds after `killSignal` until the whole tree is killed. Default: 5000. */
  forceKillAfterDelay?: number;
  /** Whether a command that failed rejects with the result as a `CodexError`. Default: false. */
  reject?: boolean;
}

export interface ExecResult<Output = string> {
  /** `null` when a signal ended the program. */
  exitCode: number | null;
  /** The signal that ended the program. */
  signal: NodeJS.Signals | null;
  /** The process id that the program had, as the host sees it. Undefined when nothing was started. */
  pid: number | undefined;
  stdout: Output;
  stderr: Output;
  /** Milliseconds from the call to the end of the run's last process. */
  durationMs: number;
  /** Whether the exit code was not 0, or a signal, the timeout or an abort ended it. */
  failed: boolean;
  timedOut: boolean;
  /** Whether `options.signal` ended it. */
  isCanceled: boolean;
  /** Whether output beyond `maxBuffer` was dropped. */
  truncated: boolean;
  /** What the kernel enforced. Undefined when nothing was started. */
  enforcement: Enforcement | undefined;
  /** Plain sentences for whoever reads the result. */
  hints: string[];
  /** What the exec policy said. Undefined without one. */
  verdict: Verdict | undefined;
}

/**
 * One policy, one private tmp, one loopback, shared by its runs and by no other sandbox. Nothing is started before the
 * first command. When it is closed or collected, every process in it is gone.
 */
export class Sandbox implements AsyncDisposable {
  /** Throws `CodexError` (`ProfileError`, `SandboxUnavailable`) and `TypeError` for what can't be meant. */
  constructor(options?: SandboxOptions);
  /** What this machine can enforce, found out by trying it. */
  static capabilities(): Capabilities;
  /**
   * Runs a program; there is never a shell. Resolves however the program ends; rejects when it was not run: `ENOENT`,
   * `EACCES`, `ENOEXEC`, `E2BIG`, `SandboxUnavailable`, … The call returns when every process of the run is gone: what the
   * program leaves behind has half a second to end by itself.
   */
  exec(file: string, args: readonly string[], options: ExecOptions<'buffer'> & { encoding: 'buffer' }): Promise<ExecResult<Buffer>>;
  exec(file: string, args?: readonly string[], options?: ExecOptions<'utf8'>): Promise<ExecResult>;
  exec(file: string, options: ExecOptions<'utf8'>): Promise<ExecResult>;
  /** The same, while JavaScript waits. `signal` is refused. */
  execSync(file: string, args: readonly string[], options: ExecOptions<'buffer'> & { encoding: 'buffer' }): ExecResult<Buffer>;
  execSync(file: string, args?: readonly string[], options?: ExecOptions<'utf8'>): ExecResult;
  execSync(file: string, options: ExecOptions<'utf8'>): ExecResult;
  /** Ends every run and waits until it is gone. Later commands are refused. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Runs one command in a sandbox of its own. */
export function exec(
  file: string,
  args: readonly string[],
  options: SandboxOptions & ExecOptions<'buffer'> & { encoding: 'buffer' },
): Promise<ExecResult<Buffer>>;
export function exec(file: string, args?: readonly string[], options?: SandboxOptions & ExecOptions<'utf8'>): Promise<ExecResult>;
export function exec(file: string, options: SandboxOptions & ExecOptions<'utf8'>): Promise<ExecResult>;

/** An error with a `code` to branch on and a message that says what to do next. */
export class CodexError extends Error {
  /** `SandboxUnavailable`, `ProfileError`, `PolicyRefused`, `PolicyPrompt`, `PolicyError`, `ERR_CODEX_FAILED`, or a system error's name such as `ENOENT`. */
  readonly code: string;
  /** The negative number of a system error. */
  readonly errno?: number;
  /** The path that it is about. */
  readonly path?: string;
  /** How to get what is missing. */
  readonly remedy?: string;
  /** What the exec policy said, for `PolicyRefused` and `PolicyPrompt`. */
  readonly verdict?: Verdict;
}
