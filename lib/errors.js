'use strict';
// Errors: the addon gives facts as JSON, and the error is made here, so that its stack names the caller.

/** An error with a `code` to branch on and a message that says what to do next. */
class CodexError extends Error {
  constructor(message, { code, errno, syscall, path, remedy, verdict, cause, result } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CodexError';
    this.code = code;
    // Node's own sign: a system error has a negative errno.
    if (errno !== undefined) this.errno = -errno;
    if (syscall !== undefined) this.syscall = syscall;
    if (path !== undefined) this.path = path;
    if (remedy !== undefined) this.remedy = remedy;
    if (verdict !== undefined) this.verdict = verdict;
    if (result !== undefined) Object.assign(this, result);
  }
}

/** The error of the addon's facts. */
function fromFacts(json, more) {
  const { message, ...facts } = JSON.parse(json);
  return new CodexError(message, { ...facts, ...more });
}

/** The error of a command that the policy asked about, for one that somebody didn't allow. */
function denied({ message, verdict }) {
  return new CodexError(`${message}; it was denied`, { code: 'PolicyRefused', verdict });
}

/** Calls into the addon, and throws its errors as ours. */
function unwrap(call) {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && error.code === 'GenericFailure' && error.message.startsWith('{')) {
      throw fromFacts(error.message);
    }
    throw error;
  }
}

module.exports = { CodexError, denied, fromFacts, unwrap };
