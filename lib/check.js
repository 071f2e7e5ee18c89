'use strict';
// Checks of what callers pass. A wrong type or an unknown key is a TypeError with Node's own codes.

function invalidType(name, expected, value) {
  const error = new TypeError(`${name} must be ${expected}; got ${describe(value)}`);
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

function invalidValue(name, expected, value) {
  const error = new TypeError(`${name} must be ${expected}; got ${describe(value)}`);
  error.code = 'ERR_INVALID_ARG_VALUE';
  return error;
}

function describe(value) {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : `an instance of ${value.constructor?.name ?? 'Object'}`;
}

/** A copy of the own properties of an options object. Keys that are not known, or inherited from a class, are refused, never ignored. */
function options(name, value, known) {
  if (value === undefined) return { __proto__: null };
  if (value === null || typeof value !== 'object' || Symbol.iterator in value) throw invalidType(name, 'an object', value);
  refuseInherited(name, value, known);
  const own = { __proto__: null };
  for (const key of Object.keys(value)) {
    if (!known.has(key)) {
      const error = new TypeError(`unknown option ${JSON.stringify(key)} in ${name}; known are ${[...known].join(', ')}`);
      error.code = 'ERR_INVALID_ARG_VALUE';
      throw error;
    }
    own[key] = value[key];
  }
  return own;
}

/** What a class or a prototype of the caller's gives would be left out without a word. What `Object.prototype` was polluted with is not meant. */
function refuseInherited(name, value, known) {
  for (const holder of prototypes(value)) {
    const key = [...known].find((one) => Object.hasOwn(holder, one));
    if (key !== undefined) throw invalidValue(`${name}.${key}`, 'a property of the object itself, not an inherited one; pass a plain object', value);
  }
}

/** The prototypes of an object without the last one, which all objects have in common. */
function prototypes(value) {
  const found = [];
  for (let holder = Object.getPrototypeOf(value); holder !== null && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) found.push(holder);
  // That of another realm.
  if (found.length > 0 && Object.getPrototypeOf(found.at(-1)) === null) found.pop();
  return found;
}

/**
 * An object as JSON, of its own properties: what a prototype was polluted with must not become a grant. What JSON leaves out in
 * silence is refused: a restriction that is lost would be none.
 */
function json(name, value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidType(name, 'an object', value);
  refuseLost(name, value);
  return JSON.stringify({ __proto__: null, ...value }, function refusing(key) {
    // As it stands there, whatever a `toJSON` makes of it.
    const found = this[key];
    refuseLost(key === '' ? name : `${key} in ${name}`, found);
    return found;
  });
}

function refuseLost(name, value) {
  if (['function', 'symbol', 'bigint'].includes(typeof value) || (typeof value === 'number' && !Number.isFinite(value))) {
    throw invalidType(name, 'a value that JSON can hold', value);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
  const isPlain = !(Symbol.iterator in value) && prototypes(value).every((holder) => Object.values(Object.getOwnPropertyDescriptors(holder)).every(isMethod));
  if (!isPlain) throw invalidType(name, 'a plain object', value);
}

function isMethod({ value }) {
  return typeof value === 'function';
}

function string(name, value) {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
  if (value.includes('\0')) throw invalidValue(name, 'a string without NUL bytes', value);
  return value;
}

function oneOf(name, value, allowed) {
  if (!allowed.includes(value)) throw invalidValue(name, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`, value);
  return value;
}

/** A number from `least` to the largest that is exact. */
function number(name, value, least) {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!(value >= least && value <= Number.MAX_SAFE_INTEGER)) {
    const error = new RangeError(`${name} must be a number from ${least} to ${Number.MAX_SAFE_INTEGER}; got ${value}`);
    error.code = 'ERR_OUT_OF_RANGE';
    throw error;
  }
  return value;
}

module.exports = { invalidType, invalidValue, options, json, string, oneOf, number };
