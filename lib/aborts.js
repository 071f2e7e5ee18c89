'use strict';
// What is to be done when an AbortSignal is aborted. Many commands may have the same one: it has one listener for all of them,
// because Node takes more than ten for a leak, and says so.
const listeners = new WeakMap();

/** Calls `callback` when `signal` is aborted; returns what takes that back. */
function onAbort(signal, callback) {
  if (!listeners.has(signal)) listeners.set(signal, newListener());
  const { callbacks, abort } = listeners.get(signal);
  if (callbacks.size === 0) signal.addEventListener('abort', abort);
  const entry = { callback };
  callbacks.add(entry);
  return () => {
    if (callbacks.delete(entry) && callbacks.size === 0) signal.removeEventListener('abort', abort);
  };
}

function newListener() {
  const callbacks = new Set();
  const abort = () => {
    for (const { callback } of [...callbacks]) callback();
  };
  return { callbacks, abort };
}

module.exports = { onAbort };
