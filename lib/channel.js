'use strict';
// What is written to a program, and what goes both ways: a socket of Node's.
const net = require('node:net');

/** Reads nothing before `begin`. */
class Channel extends net.Socket {
  #hasBegun = false;
  #wanted;

  constructor(options) {
    super({ ...options, allowHalfOpen: true, manualStart: true });
  }

  begin() {
    if (this.#hasBegun || this.destroyed) return;
    this.#hasBegun = true;
    if (this.#wanted === undefined) this.read(0);
    else this._read(this.#wanted);
  }

  _read(size) {
    if (this.#hasBegun) super._read(size);
    else this.#wanted = size;
  }
}

module.exports = { Channel };
