'use strict';
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { addon } = require('../native.js');
const check = require('./check.js');
const { CodexError, unwrap } = require('./errors.js');

const ACCESS = new Set(['read', 'write', 'connect']);
const natives = new WeakMap();

/** What a command may touch. Immutable. */
class SecurityProfile {
  constructor(name = 'offline', overrides = undefined) {
    check.string('profile name', name);
    const json = overrides === undefined ? undefined : toJson('overrides', overrides);
    natives.set(this, unwrap(() => new addon.NativeProfile(name, json)));
  }

  static named(name, overrides) {
    return new SecurityProfile(name, overrides);
  }

  static async load(file) {
    return loadProfile(file);
  }

  static fromSandboxPolicy(policy) {
    const json = toJson('policy', policy);
    return adopt(unwrap(() => addon.NativeProfile.fromCodex(json)));
  }

  get name() {
    return native(this).name;
  }

  extend(overrides) {
    const json = toJson('overrides', overrides);
    return adopt(unwrap(() => native(this).extend(json)));
  }

  toSandboxPolicy(workspace = process.cwd()) {
    const directory = filePath('workspace', workspace);
    return JSON.parse(unwrap(() => native(this).toCodex(directory)));
  }

  explain(access, workspace = process.cwd()) {
    const asked = Object.entries(check.options('access', access, ACCESS));
    if (asked.length !== 1) throw check.invalidValue('access', 'an object with one of read, write, connect', access);
    const [kind, target] = asked[0];
    check.string(`access.${kind}`, target);
    const directory = filePath('workspace', workspace);
    return JSON.parse(unwrap(() => native(this).explain(directory, kind, target)));
  }

  toJSON() {
    return JSON.parse(unwrap(() => native(this).toJson()));
  }
}

function loadProfile(file) {
  const location = filePath('path', file);
  return adopt(unwrap(() => addon.NativeProfile.load(location)));
}

/** The addon's object behind a profile, or behind the profile of that name, with overrides if there are some. */
function nativeProfile(profile, overrides) {
  const named = typeof profile === 'string' ? new SecurityProfile(profile) : profile;
  if (!natives.has(named)) throw check.invalidType('profile', 'a profile name, or a SecurityProfile itself, not what wraps one', profile);
  const found = natives.get(named);
  return overrides === undefined ? found : unwrap(() => found.extend(toJson('overrides', overrides)));
}

function native(profile) {
  const found = natives.get(profile);
  if (found === undefined) throw check.invalidType('this', 'a SecurityProfile', profile);
  return found;
}

function adopt(native) {
  const profile = Object.create(SecurityProfile.prototype);
  natives.set(profile, native);
  return profile;
}

function toJson(name, value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw check.invalidType(name, 'an object', value);
  try {
    return check.json(name, value);
  } catch (cause) {
    throw new CodexError(`${name} can't be read: ${cause.message}`, { code: 'ProfileError', cause });
  }
}

/** An absolute path from a path or a file: URL. */
function filePath(name, value) {
  const location = value instanceof URL ? fileURLToPath(value) : check.string(name, value);
  if (location === '') throw check.invalidValue(name, 'a path', value);
  return path.resolve(location);
}

module.exports = { SecurityProfile, loadProfile, nativeProfile, filePath };
