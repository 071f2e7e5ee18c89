import type * as childProcess from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';

/** What a command may touch. `workspace` is short for `workspace-write`. */
export type ProfileName = 'offline' | 'net-read-only' | 'workspace-write' | 'workspace' | 'workspace-net' | 'trusted';

/**
 * What is added to a profile or taken from it. Unknown keys are errors. The same keys stand in TOML and JSON files;
 * `schemas/security-profile.schema.json` is their JSON Schema.
 */
export interface ProfileInit {
  /** The profile that this one starts from. Default: `offline`. */
  profile?: ProfileName;
  /**
   * More directories that the run may write: absolute, `~/…`, or relative to the workspace. They must exist. One that names a carve-out
   * of the workspace exactly, such as `.git/hooks` or `.vscode`, makes that writable. Only in the workspace profiles.
   */
  writable?: string[];
  /**
   * Files and directories that the run may read although they are a secret, or lie in one, or below the private tmp. A path opens
   * itself and what is below it; naming what lies above a secret doesn't open the secret. `denyRead` is stronger.
   */
  readable?: string[];
  /**
   * Paths that the run may not read: absolute, `~/…`, or relative to the workspace. With `*`, `?`, `[…]` or `{a,b}`, in which `**`
   * crosses directories, one is a pattern: what it matches when the sandbox starts is hidden (at most 1,000 paths, found among at most
   * 200,000 entries, else `SandboxUnavailable`). Not in `trusted`.
   */
  denyRead?: string[];
  /**
   * Sockets of host services that the run may connect to: absolute, `~/…`, or relative to the workspace. Literal; they must
   * exist; not in `trusted`. Whoever reaches a service reaches what the service can do.
   */
  unixSockets?: string[];
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
  /** How much a run may use. An extension can only lower what is set. */
  limits?: Limits;
}

/**
 * How much may be used: whole numbers from 1. A sandbox holds its limits for all its runs together where the kernel can
 * count so; a command's own are for its run, and can only lower those of the profile. `enforcement.limits` says by what each
 * is held, and of what it is one. One that is asked for and can't be held is refused (`SandboxUnavailable`); a default that
 * can't be held is left out of `enforcement.limits`. `trusted` has no defaults.
 */
export interface Limits {
  /** Milliseconds from the start of a run to its end, as `timeout`; the shorter one counts. Default: none. */
  wallTime?: number;
  /** Milliseconds of CPU time, all processors together. Without a control group it is per process, in whole seconds. Default: none. */
  cpuTime?: number;
  /**
   * Bytes of memory, the private tmp among it. Without a control group it is the private memory of each process. Default: none;
   * when the machine runs out of memory, the kernel ends processes of sandboxes first.
   */
  memory?: number;
  /** Processes and threads at the same time. Default: 4096. */
  processes?: number;
  /** Open files of one process. Default: 65536. */
  openFiles?: number;
  /** Bytes of one file that is written. Default: 64 GiB. */
  fileSize?: number;
  /** Bytes of captured standard output and standard error together. Default: none; `maxBuffer` bounds what is kept. */
  output?: number;
  /** Bytes in the private tmp. Not for one command, and not in `trusted`. Default: 4 GiB. */
  tmpSize?: number;
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

/** What was decided about an operation: `forbid` by the exec policy, `deny` by the profile or the sandbox. */
export type AuditDecision = 'allow' | 'prompt' | 'forbid' | 'deny';

/**
 * Something to record. Names and secrets in its strings are hidden, and long strings cut, when it is appended. Unknown
 * fields throw. `schemas/audit-record.schema.json` has every field.
 */
export interface AuditEvent {
  event: 'exec.decision' | 'exec.start' | 'exec.exit' | 'file.read' | 'file.write' | 'network.connect' | 'denial' | 'policy.change';
  /** Identifies one run in its records. */
  run?: string;
  /** The run or session that started this one. */
  parent?: string;
  agent?: string;
  argv?: string[];
  command?: string;
  cwd?: string;
  workspace?: string;
  program?: string;
  profile?: string;
  decision?: AuditDecision;
  rule?: string;
  reason?: string;
  path?: string;
  host?: string;
  port?: number;
  /** Labels of your own. */
  labels?: Record<string, string>;
  [field: string]: unknown;
}

/** One record, as it stands in the log. */
export interface AuditRecord {
  /** The version of the format. */
  v: number;
  /** Identifies the writer. */
  session: string;
  /** The number of the record in its session, from 0. */
  seq: number;
  /** UTC, RFC 3339 with milliseconds. */
  time: string;
  event: string;
  /** How many places were hidden; absent for none. */
  redacted?: number;
  /** How many strings were shortened; absent for none. */
  cut?: number;
  /** The hash of the session's record before this one. */
  prev: string;
  /** SHA-256 of the line in front of `,"hash":`. */
  hash: string;
  [field: string]: unknown;
}

/** What became of an event. */
export interface AuditAck {
  /** `<session>:<seq>`, by which the record can be found. */
  id: string;
  /** What is wrong with the log. Show it. */
  warning?: string;
}

/** What the verifier found. */
export interface AuditVerdict {
  ok: boolean;
  /** How many records were read and hold. */
  records: number;
  /** The first that doesn't. */
  firstBad?: { file: string; line: number; reason: string };
  sessions: number;
  /** Sessions without an end: running, killed, or cut. */
  openSessions: number;
  /** Records that a crash left unfinished. None of them was acknowledged. */
  torn: number;
  /** Events that could not be written, as the log itself says. */
  lost: number;
  /** Records that retention removed, as the log itself says. */
  removed: number;
  /** With a public key: records behind the last checkpoint of their session, which only the chain protects. */
  unsigned: number;
  /** How often the clock was set back within a session. */
  clockSteps: number;
}

/** A log in numbers. */
export interface AuditStats {
  records: number;
  first?: string | null;
  last?: string | null;
  /** Records by event. */
  events: Record<string, number>;
  decisions: Record<string, number>;
  /** Runs that ended with exit code 0, and those that ended otherwise. */
  succeeded: number;
  failed: number;
  /** Places that were hidden. */
  redacted: number;
  /** What was refused most often, at most 20. */
  topDenied: [thing: string, count: number][];
}

/**
 * An append-only log: names and secrets are taken out before a record is hashed, records are chained, checkpoints signed.
 * Safe for several processes and worker threads at once. Throws `CodexError` with code `AuditUnavailable`.
 */
export class AuditLog implements AsyncDisposable {
  private constructor();
  /** Opens a log, or makes it. A folder, or a path that ends in a slash, gets one file per writer. */
  static open(
    path: string | URL,
    options?: {
      /** `standard` (default): a record survives the end of the process. `strict`: it is on the disk, or the command doesn't run. */
      level?: 'standard' | 'strict';
      /** Bytes of one file before a new one is begun. Default: 64 MiB. */
      maxBytes?: number;
      /** Files that are kept, at least 2. Default: 16. */
      maxFiles?: number;
      /** The file of the signing key; made on first use. Default: beside the log. */
      key?: string | URL;
      /** The names to hide. Default: this machine's. */
      identity?: { user?: string; home?: string; host?: string };
    },
  ): Promise<AuditLog>;
  /** Appends an event. When this returns, the record is as safe as the log's level says. */
  append(event: AuditEvent): AuditAck;
  /** Records the judgement of a command: a line, or a program with its arguments. */
  logCommandExec(command: string | string[], decision: AuditDecision, details?: Partial<AuditEvent>): AuditAck;
  logFileRead(path: string, decision: AuditDecision): AuditAck;
  logFileWrite(path: string, decision: AuditDecision): AuditAck;
  /** `host` may be `name:port`. */
  logNetworkAccess(host: string, decision: AuditDecision): AuditAck;
  /**
   * The records in the order of the log. `since`: a moment, or a span before now such as `15m`. `where`: a query such as
   * `event = denial and path ~ "/etc"`. `follow`: wait for more instead of ending.
   */
  records(options?: { since?: string | Date; follow?: boolean; where?: string }): AsyncGenerator<AuditRecord, void, void>;
  /**
   * Whether the log holds, and if not, the first record that doesn't. A `checkpoint` that was kept elsewhere finds a cut
   * end; the `publicKey` finds a log that was rewritten as a whole.
   */
  verify(options?: { checkpoint?: string; publicKey?: string }): Promise<AuditVerdict>;
  /** A signed checkpoint over the whole log, to be kept elsewhere. */
  checkpoint(): Promise<string>;
  stats(): Promise<AuditStats>;
  /** The whole log in another form, as text. */
  export(format: 'ocsf' | 'ecs' | 'otlp' | 'csv'): Promise<string>;
  /** The key that checkpoints are verified with. Undefined when none could be made. */
  readonly publicKey: string | undefined;
  /** Ends the session in the log; closing twice is fine. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
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
  /**
   * What holds the file rules: `mounts` and `landlock` on Linux, `seatbelt` on macOS, on Windows `app-container`, or with best effort
   * `restricted-token` where no app container can be made; empty under `trusted`.
   */
  readonly filesystem: readonly ('mounts' | 'landlock' | 'seatbelt' | 'app-container' | 'restricted-token')[];
  /** `unfiltered` and `host` are the host's network as it is; a `restricted-token` leaves it so under every profile. */
  readonly network: 'private-loopback' | 'blocked' | 'unfiltered' | 'host';
  /** What the end of a run rests on. On macOS: processes are found by their sandbox, or only by their group. */
  readonly processes: 'pid-namespace' | 'subreaper' | 'sandbox-mark' | 'process-group' | 'job-object';
  readonly seccomp: boolean;
  /** Whether programs run without any capability, also when root started them. */
  readonly capabilitiesDropped: boolean;
  /** The Landlock version; 0 when it was not used. */
  readonly landlockAbi: number;
  /**
   * Which refusals are told. On Linux none where somebody listens to the calls of this process already (LXC does), or where user
   * namespaces are missing and `kernel.yama.ptrace_scope` keeps a user from looking at processes. On Windows none. On macOS none unless the system's
   * log was open, which administrators alone may read, from the run's start to its end; the first run of a sandbox is usually over
   * or under way before that. The system itself leaves out some refusals of programs that aren't Apple's.
   */
  readonly denials: 'full' | 'network' | 'off';
  /** The limits that were held. */
  readonly limits: {
    readonly [Name in keyof Limits]?: {
      readonly value: number;
      /** A control group, a resource limit, the ids of a pid namespace, the size of a file system, a job object (Windows), or this package, which ends the run. */
      readonly by: 'cgroup' | 'rlimit' | 'pid-namespace' | 'tmpfs' | 'job' | 'engine';
      /** Whether the value is for all runs of the sandbox together, for one run, for each process or for each file. */
      readonly per: 'sandbox' | 'run' | 'process' | 'file';
    };
  };
  /**
   * Caches of tools that the run may write, in an overlay that is gone with the sandbox. One that is missing here is
   * read-only: without user namespaces, or where the kernel can't make the overlay (it needs Linux 6.6).
   */
  readonly caches: readonly string[];
  /** Promises of the profile that this run did not hold. */
  readonly unenforced: readonly {
    readonly promise: string;
    /**
     * `machine`: this machine lacks what it takes; refused unless best effort is asked for. `version`: this version doesn't enforce it
     * anywhere. `platform`: the operating system has no means for it; what the profile closes stays closed.
     */
    readonly cause: 'machine' | 'version' | 'platform';
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
  profile?: SecurityProfile | ProfileName | undefined;
  /** The working directory of commands and, in the workspace profiles, writable. Must exist. Default: the current one. */
  workspace?: string | URL | undefined;
  /**
   * `required` (default): a machine that can't hold every promise of the profile is refused. `best-effort`: what can be
   * enforced is, and `enforcement.unenforced` says what is missing; without any file boundary it is still refused.
   */
  enforcement?: 'required' | 'best-effort' | undefined;
  /** Judges each command before it runs. `forbid` rejects with `PolicyRefused`, `prompt` asks `onRequest`. Default: none. */
  policy?: ExecPolicy | undefined;
  /** Records each command before and after it. Refused where the commands may write it. Default: none. */
  audit?: AuditLog | undefined;
  /** Limits, as in the profile, which they can only lower. */
  limits?: Limits | undefined;
  /**
   * Which refusals are told. `full` (default): changes of files by a path, starts of programs, and connections; on Linux each such
   * call takes about 12 microseconds longer, on macOS one more process reads the system's log while the sandbox stands, and a run that
   * failed ends 0.1 to 0.5 seconds later. Reads are never told. `network`: connections. `off`: none. What the run may do is the same.
   */
  denials?: 'full' | 'network' | 'off' | undefined;
  /** Called for each refusal of a run, when the run is over. What it throws, the command rejects with in place of its result. Not awaited. */
  onDenial?: ((denial: Denial) => void) | undefined;
  /**
   * Answers what the policy asks. Without it a `prompt` rejects with `PolicyPrompt`. A command of `spawn` starts when it has
   * answered; until then `pid` is undefined, and `timeout` doesn't count. An abort, or `close`, takes the question back. Not asked by
   * `execSync` and `childProcess()`, which can't wait: they refuse.
   */
  onRequest?: ((request: AccessRequest) => Promise<'allow' | 'deny'> | 'allow' | 'deny') | undefined;
}

export interface ExecOptions<Encoding extends 'utf8' | 'buffer' = 'utf8' | 'buffer'> {
  /** The working directory; relative to the workspace. Default: the workspace. */
  cwd?: string | URL | undefined;
  /**
   * Replaces the environment, as in `node:child_process`, with the own properties of the object. Variables that are the host's own are
   * filtered by the profile; what you add or change is passed as it is. Default: `process.env`, filtered.
   */
  env?: Record<string, string | undefined> | undefined;
  /** Written to standard input, then closed. Default: no input. */
  input?: string | Buffer | NodeJS.ArrayBufferView | undefined;
  /** Where standard input comes from. `pipe` and `ignore` (default): nothing, unless there is `input`. */
  stdin?: StreamTarget | undefined;
  /** `pipe` (default): captured. */
  stdout?: StreamTarget | undefined;
  /** `pipe` (default): captured. */
  stderr?: StreamTarget | undefined;
  /** `utf8` (default): strings. `buffer`: the bytes. */
  encoding?: Encoding | undefined;
  /** Milliseconds after which `killSignal` is sent. Default: 0, never. */
  timeout?: number | undefined;
  /**
   * Bytes of each stream that are kept; the rest is dropped and `truncated` is true. As `utf8` never more than a string can hold,
   * half a GiB. Default: 10 MiB.
   */
  maxBuffer?: number | undefined;
  /** Aborts the command: `killSignal`, then the end of its tree. */
  signal?: AbortSignal | undefined;
  /** Sent to the program's process group at the timeout or abort. Default: `SIGTERM`. */
  killSignal?: NodeJS.Signals | number | undefined;
  /** Milliseconds after `killSignal` until the whole tree is killed. Default: 5000. */
  forceKillAfterDelay?: number | undefined;
  /** Whether a command that failed rejects with the result as a `CodexError`. Default: false. */
  reject?: boolean | undefined;
  /** Limits of this command, which can only lower those of the sandbox. In the one-shot `exec` they are the sandbox's. */
  limits?: Omit<Limits, 'tmpSize'> | undefined;
}

/** One operation of a run that was refused, or undone. Strings that came from the run are bounded, and are what the run claimed. */
export interface Denial {
  kind: 'write' | 'exec' | 'connect';
  /** The absolute path, as the host sees it. */
  path?: string;
  /**
   * The address with its port; on macOS often `*` for the address. The path of a socket in the file system. Missing on Linux without
   * user namespaces, where no socket can be made that could be given one.
   */
  address?: string;
  /** The system call; on macOS what Seatbelt calls the operation, such as `file-write-create`. */
  syscall?: string;
  /** The process, as the host sees it. */
  pid?: number;
  program?: string;
  /**
   * The rule that decided, as in `Decision`. `unchecked`: there was more than could be looked at; `unix-socket`: it belongs to a
   * service of the host. On macOS also `seatbelt` for what the policy allows and that system can't. On Linux without user namespaces also `no-private-tmp`, `no-overlay`
   * and `beside-hidden`.
   */
  rule: string;
  /** The rule in words. */
  reason: string;
  /** What to change so that it is allowed. */
  grant?: string;
  /** Where what the run had made was moved to. */
  quarantine?: string;
}

/**
 * Where a stream leads. `ignore`: nowhere. `inherit`: to the same one of this process. Otherwise a descriptor of this process,
 * or a stream that has one (a socket, an open file stream), which is not read here any more. What the descriptor was opened
 * for is allowed, whatever the profile says; a directory, from which all others can be reached, is refused (`EISDIR`) in every
 * profile but `trusted`. As in `node:child_process`, a standard stream waits for its other end from then
 * on, in this process, too.
 */
export type StreamTarget = 'pipe' | 'ignore' | 'inherit' | number | { readonly fd: number } | Readable | Writable;

/**
 * The same for `spawn`: `pipe` is a stream of this process, `pty` the terminal of the run. `overlapped` means `pipe`. On Windows there
 * are no terminals, no streams from 3 on, and of descriptors only those of this process's standard streams can be passed on.
 */
export type SpawnTarget = StreamTarget | 'overlapped' | 'pty' | null | undefined;

export interface SpawnOptions<Encoding extends 'utf8' | 'buffer' = 'utf8' | 'buffer'>
  extends Omit<ExecOptions<Encoding>, 'stdin' | 'stdout' | 'stderr'> {
  /**
   * The streams of the program by their numbers, at most 64; a word stands for all three standard ones. A `pipe` from 3 on
   * goes both ways. Default: `pipe` for the standard ones, none from 3 on. Not together with `stdin`, `stdout`, `stderr`.
   */
  stdio?: 'pipe' | 'overlapped' | 'ignore' | 'inherit' | 'pty' | readonly SpawnTarget[] | undefined;
  /** Default: `pipe`. It has to be ended where the program reads to the end. With `input` there is no stream. */
  stdin?: SpawnTarget | undefined;
  /** Default: `pipe`. It must be `pty` where another stream is. */
  stdout?: SpawnTarget | undefined;
  /** Default: `pipe`. */
  stderr?: SpawnTarget | undefined;
  /** The width of the terminal in characters. Default: 80. */
  columns?: number | undefined;
  /** The height of the terminal in lines. Default: 24. */
  rows?: number | undefined;
}

export interface ExecResult<Output = string> {
  /** `null` when a signal ended the program. On Windows a number without a sign, as Node gives it (`3221225477`). */
  exitCode: number | null;
  /** The signal that ended the program; a real-time one, which has no name, as `SIG` and its number. */
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
  /**
   * The limit that the run met, where that can't be mistaken. `wallTime`, `cpuTime` and `output` ended it. `memory`: the
   * kernel ended a process of it. `processes`: the kernel refused it one. `fileSize`: it ended the program. `tmpSize`: the
   * private tmp is full. `memory` and `processes` are told only where a control group holds them.
   */
  limit: keyof Limits | undefined;
  /** Whether `options.signal` ended it. */
  isCanceled: boolean;
  /** Whether output beyond `maxBuffer` was dropped. */
  truncated: boolean;
  /** What the kernel enforced. Undefined when nothing was started. */
  enforcement: Enforcement | undefined;
  /** What was refused, or undone before the result was given, as far as it was seen; at most 100. */
  denials: Denial[];
  /** Plain sentences for whoever reads the result. */
  hints: string[];
  /** What the exec policy said. Undefined without one. */
  verdict: Verdict | undefined;
  /** The record of the decision, `<session>:<number>`. Undefined without a log. */
  auditId: string | undefined;
}

/** The result of a command with streams. An output that was taken as a stream is not in it. */
export interface SpawnResult<Output = string> extends Omit<ExecResult<Output>, 'stdout' | 'stderr'> {
  stdout: Output | undefined;
  stderr: Output | undefined;
}

/**
 * A command that is under way; made by `Sandbox.spawn`.
 *
 * It is a promise of the result, which comes when every process of the run is gone, and rejects like that of `exec`. What was
 * not looked at as a stream when it is awaited is captured for the result, up to `maxBuffer`.
 *
 * It emits `spawn` when the program has started, before anything of its streams, `exit` (exit code, signal) when every process of
 * the run is gone, `close` (the same) when its streams are closed, too, and `error` when it was not run. Who listens to `error`
 * need not await. An output that was looked at and is not read by then closes, too; what is left of it is there to be read.
 */
export interface Subprocess<Output = string> extends EventEmitter, PromiseLike<SpawnResult<Output>>, AsyncDisposable, AsyncIterable<string> {
  /** The process id of the program, as the host sees it. Undefined until `spawn`. */
  readonly pid: number | undefined;
  /** `null` until `exit`, and when a signal ended the program. */
  readonly exitCode: number | null;
  /** The signal that ended the program; `null` until `exit`. */
  readonly signalCode: NodeJS.Signals | null;
  /** Whether `kill` or an abort reached the run. */
  readonly killed: boolean;
  readonly spawnfile: string;
  readonly spawnargs: readonly string[];
  /**
   * `null` where standard input is not `pipe`. For a terminal the same stream as `stdout`: to end it writes an end of file. What a
   * program doesn't read any more is an `error` of it (`EPIPE`) for those who listen, and no uncaught one.
   */
  readonly stdin: Writable | null;
  /** `null` where it is not `pipe` or `pty`. A terminal's goes both ways, and destroying it hangs up. A reader that is slow holds the program up. */
  readonly stdout: Readable | Duplex | null;
  /** `null` where it is not `pipe`. What goes to a terminal comes with `stdout`. */
  readonly stderr: Readable | null;
  /** All of them, by their numbers. */
  readonly stdio: readonly (Writable | Readable | Duplex | null)[];
  /**
   * Signals the program's process group; `SIGKILL` ends the whole tree. Returns whether the run was still there. Default:
   * `SIGTERM`; 0 only asks.
   */
  kill(signal?: NodeJS.Signals | number): boolean;
  /** Changes the size of the run's terminal; its programs get `SIGWINCH`. Throws `TypeError` without one. */
  resize(columns: number, rows: number): void;
  /**
   * The lines of an output, without `\n` or `\r\n`, as UTF-8. What is not iterated over is captured. Throws
   * `ERR_CHILD_PROCESS_STDIO_MAXBUFFER` for a line longer than `maxBuffer`, and at the end what awaiting the run throws.
   * Leaving the loop early closes the stream. Default: `stdout`, as when the run itself is iterated over.
   */
  lines(options?: { from?: 'stdout' | 'stderr' }): AsyncIterableIterator<string>;
  catch<Caught = never>(onRejected?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null): Promise<SpawnResult<Output> | Caught>;
  finally(onSettled?: (() => void) | null): Promise<SpawnResult<Output>>;
  /** Ends the whole tree and waits until it is gone. */
  [Symbol.asyncDispose](): Promise<void>;
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
  exec(file: string, args?: readonly string[], options?: ExecOptions): Promise<ExecResult<string | Buffer>>;
  /** The same, while JavaScript waits. `signal` is refused. */
  execSync(file: string, args: readonly string[], options: ExecOptions<'buffer'> & { encoding: 'buffer' }): ExecResult<Buffer>;
  execSync(file: string, args?: readonly string[], options?: ExecOptions<'utf8'>): ExecResult;
  execSync(file: string, options: ExecOptions<'utf8'>): ExecResult;
  execSync(file: string, args?: readonly string[], options?: ExecOptions): ExecResult<string | Buffer>;
  /**
   * The same with streams, while it is under way. Returns at once; with a terminal it waits until the sandbox stands. What the
   * exec policy wants to be asked about is refused. Throws `TypeError` and `RangeError` for options that can't be meant; all
   * else comes through the promise.
   */
  spawn(file: string, args: readonly string[], options: SpawnOptions<'buffer'> & { encoding: 'buffer' }): Subprocess<Buffer>;
  spawn(file: string, args?: readonly string[], options?: SpawnOptions<'utf8'>): Subprocess;
  spawn(file: string, options: SpawnOptions<'utf8'>): Subprocess;
  spawn(file: string, args?: readonly string[], options?: SpawnOptions): Subprocess<string | Buffer>;
  /**
   * `node:child_process` with every process in this sandbox: Node's own functions, streams, channels and errors. `pid` is that
   * of a small process that stands for the run in the host's process tree: signals to it reach the program's process group,
   * and when it dies the whole tree ends. It ends as the run does: when every process of the run is gone. `detached` doesn't
   * outlive this process; another `uid` or `gid` is refused. `SIGSTOP` reaches the program by `kill` of the child, not by
   * `process.kill`. As in Node, and not in `exec` and `spawn`, `/bin/sh` runs a script without a first line `#!`. What the sandbox
   * or the exec policy refuses ends with the exit codes of `codex exec` (125 to 127) and is said on standard error. Throws
   * `SandboxUnavailable` on a runtime whose functions it can't hold, and on macOS and Windows, where no process can stand for a run:
   * use `exec` or `spawn`.
   */
  childProcess(): typeof childProcess;
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
export function exec(file: string, args?: readonly string[], options?: SandboxOptions & ExecOptions): Promise<ExecResult<string | Buffer>>;

/** With `reject: true` an error with the code `ERR_CODEX_FAILED` has what the result would have had. */
export interface CodexError extends Partial<Omit<ExecResult<string | Buffer>, 'verdict'>> {}

/** An error with a `code` to branch on and a message that says what to do next. */
export class CodexError extends Error {
  /** `SandboxUnavailable`, `ProfileError`, `PolicyRefused`, `PolicyPrompt`, `PolicyError`, `AuditUnavailable`, `ERR_CODEX_FAILED`, `ERR_CODEX_BATCH_FILE` (on Windows), or a system error's name such as `ENOENT`. */
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
