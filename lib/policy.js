'use strict';
const { addon } = require('../native.js');
const check = require('./check.js');
const { CodexError, unwrap } = require('./errors.js');
const { filePath, nativeProfile } = require('./profile.js');

const CONTEXT = new Set(['shell', 'profile', 'workspace']);
const LOAD_OPTIONS = new Set(['workspace', 'administrator']);
const natives = new WeakMap();

/** Judges command lines before they run. Immutable. */
class ExecPolicy {
  constructor() {
    throw new TypeError('use ExecPolicy.load(), ExecPolicy.parse() or ExecPolicy.builtin()');
  }

  static builtin() {
    return adopt(addon.NativePolicy.builtin());
  }

  static parse(rules) {
    if (typeof rules === 'string') return adopt(unwrap(() => addon.NativePolicy.parseToml(rules)));
    if (rules === null || typeof rules !== 'object') throw check.invalidType('rules', 'a TOML text or an object', rules);
    const json = toJson(rules);
    return adopt(unwrap(() => addon.NativePolicy.parseJson(json)));
  }

  static async load(path, options) {
    const { workspace = process.cwd(), administrator = false } = check.options('options', options, LOAD_OPTIONS);
    if (typeof administrator !== 'boolean') throw check.invalidType('options.administrator', 'a boolean', administrator);
    const paths = (Array.isArray(path) ? path : [path]).map((one) => filePath('path', one));
    const directory = filePath('options.workspace', workspace);
    return adopt(unwrap(() => addon.NativePolicy.load(paths, directory, administrator)));
  }

  check(argvOrLine, context) {
    const { shell = 'bash', profile, workspace } = check.options('context', context, CONTEXT);
    check.oneOf('context.shell', shell, ['bash', 'powershell', 'cmd']);
    const name = profile === undefined || typeof profile === 'string' ? profile : nativeProfile(profile).name;
    const directory = workspace === undefined ? undefined : filePath('context.workspace', workspace);
    if (typeof argvOrLine !== 'string' && !(Array.isArray(argvOrLine) && argvOrLine.every((word) => typeof word === 'string'))) {
      throw check.invalidType('argvOrLine', 'a command line or an array of words', argvOrLine);
    }
    const [line, argv] = typeof argvOrLine === 'string' ? [argvOrLine, undefined] : [undefined, argvOrLine];
    return JSON.parse(unwrap(() => native(this).check(line, argv, shell, name, directory)));
  }

  test() {
    return JSON.parse(unwrap(() => native(this).test()));
  }
}

function toJson(rules) {
  try {
    return check.json('rules', rules);
  } catch (cause) {
    throw new CodexError(`rules can't be read: ${cause.message}`, { code: 'PolicyError', cause });
  }
}

function nativePolicy(policy) {
  const found = natives.get(policy);
  // A wrapper that counted as no policy would let everything run.
  if (found === undefined) throw check.invalidType('options.policy', 'an ExecPolicy itself, not what wraps one', policy);
  return found;
}

function native(policy) {
  const found = natives.get(policy);
  if (found === undefined) throw check.invalidType('this', 'an ExecPolicy', policy);
  return found;
}

function adopt(native) {
  const policy = Object.create(ExecPolicy.prototype);
  natives.set(policy, native);
  return policy;
}

module.exports = { ExecPolicy, nativePolicy };
