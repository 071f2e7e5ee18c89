/**
 * `node:child_process` with every process in one sandbox, which two variables describe; they are read when this is loaded.
 * `CODEX_PROFILE`: the name of a profile, or the path of a profile's file. Default: `offline`. `CODEX_WORKSPACE`: the
 * workspace. Default: the current directory. `Sandbox.childProcess()` gives the same for a sandbox of your own.
 */
export * from 'node:child_process';
