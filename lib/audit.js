'use strict';
const { addon } = require('../native.js');
const check = require('./check.js');
const { unwrap } = require('./errors.js');
const { filePath } = require('./profile.js');

const OPEN_OPTIONS = new Set(['level', 'maxBytes', 'maxFiles', 'key', 'identity']);
const IDENTITY = new Set(['user', 'home', 'host']);
const RECORDS_OPTIONS = new Set(['since', 'follow', 'where']);
const VERIFY_OPTIONS = new Set(['checkpoint', 'publicKey']);
const DECISIONS = ['allow', 'prompt', 'forbid', 'deny'];
const FORMATS = ['ocsf', 'ecs', 'otlp', 'csv'];

const BATCH = 256;
const FOLLOW_PAUSE_MS = 200;
const natives = new WeakMap();

/** What happened: redacted, chained, signed. */
class AuditLog {
  constructor() {
    throw new TypeError('use AuditLog.open()');
  }

  static async open(path, options) {
    const { level = 'standard', maxBytes, maxFiles, key, identity } = check.options('options', options, OPEN_OPTIONS);
    check.oneOf('options.level', level, ['standard', 'strict']);
    const names = identity === undefined ? undefined : check.options('options.identity', identity, IDENTITY);
    const given = {
      level,
      maxBytes: maxBytes === undefined ? undefined : check.number('options.maxBytes', maxBytes, 1),
      maxFiles: maxFiles === undefined ? undefined : check.number('options.maxFiles', maxFiles, 2),
      key: key === undefined ? undefined : filePath('options.key', key),
      identity: names && ['user', 'home', 'host'].map((one) => (names[one] === undefined ? undefined : check.string(`options.identity.${one}`, names[one]))),
    };
    // A path that ends in a slash names a folder, which `path.resolve` would hide.
    const location = typeof path === 'string' && path.endsWith('/') ? `${filePath('path', path)}/` : filePath('path', path);
    const log = Object.create(AuditLog.prototype);
    natives.set(log, unwrap(() => new addon.NativeAuditLog(location, given)));
    return log;
  }

  append(event) {
    if (event === null || typeof event !== 'object') throw check.invalidType('event', 'an object', event);
    return acknowledged(() => native(this).append(wellFormed(JSON.stringify({ __proto__: null, ...event }))));
  }

  logCommandExec(command, decision, details) {
    const said = Array.isArray(command) ? { argv: command } : { command: check.string('command', command) };
    return this.append({ ...details, ...said, event: 'exec.decision', decision: decided(decision) });
  }

  logFileRead(path, decision) {
    return this.append({ event: 'file.read', path: check.string('path', path), decision: decided(decision) });
  }

  logFileWrite(path, decision) {
    return this.append({ event: 'file.write', path: check.string('path', path), decision: decided(decision) });
  }

  logNetworkAccess(host, decision) {
    return acknowledged(() => native(this).appendNetwork(check.string('host', host), decided(decision)));
  }

  async *records(options) {
    const { since, follow = false, where } = check.options('options', options, RECORDS_OPTIONS);
    const from = since instanceof Date ? since.toISOString() : since === undefined ? undefined : check.string('options.since', since);
    if (where !== undefined) check.string('options.where', where);
    if (typeof follow !== 'boolean') throw check.invalidType('options.follow', 'a boolean', follow);
    const reader = unwrap(() => native(this).records(from, where));
    for (;;) {
      const lines = unwrap(() => reader.next(BATCH));
      for (const line of lines) yield JSON.parse(line);
      if (lines.length > 0) continue;
      if (!follow) return;
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_PAUSE_MS));
    }
  }

  async verify(options) {
    const { checkpoint, publicKey } = check.options('options', options, VERIFY_OPTIONS);
    if (checkpoint !== undefined) check.string('options.checkpoint', checkpoint);
    if (publicKey !== undefined) check.string('options.publicKey', publicKey);
    return JSON.parse(await settle(native(this).verify(checkpoint, publicKey)));
  }

  async checkpoint() {
    return settle(native(this).checkpoint());
  }

  async stats() {
    return JSON.parse(await settle(native(this).stats()));
  }

  async export(format) {
    check.oneOf('format', format, FORMATS);
    return settle(native(this).export(format));
  }

  get publicKey() {
    return native(this).publicKey ?? undefined;
  }

  async close() {
    unwrap(() => native(this).close());
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.close();
  }
}

function native(log) {
  const found = natives.get(log);
  if (found === undefined) throw check.invalidType('this', 'an AuditLog', log);
  return found;
}

/**
 * JSON without lone surrogates, which no UTF-8 can hold: what is to be recorded must not be lost for one. JSON.stringify writes
 * nothing else that begins with `\\ud`, but for a backslash that is itself escaped.
 */
function wellFormed(json) {
  if (!json.includes('\\ud')) return json;
  return json.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (escaped) => (/^\\ud[89a-f]/.test(escaped) ? '\ufffd' : escaped));
}

function decided(decision) {
  return check.oneOf('decision', decision, DECISIONS);
}

function acknowledged(append) {
  const [id, warning] = unwrap(append);
  return warning === undefined || warning === null ? { id } : { id, warning };
}

async function settle(promise) {
  try {
    return await promise;
  } catch (error) {
    return unwrap(() => {
      throw error;
    });
  }
}

function nativeAuditLog(log) {
  const found = natives.get(log);
  if (found === undefined) throw check.invalidType('options.audit', "an AuditLog itself, not what wraps one", log);
  return found;
}

module.exports = { AuditLog, nativeAuditLog };
