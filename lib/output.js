'use strict';
// What a program writes, as a stream. libuv reads it, as it reads everything for Node, but into larger pieces of memory,
// each of which takes several reads, and from a program that writes much not more often than pays: to be woken for each of
// its writes costs more than to take them. No byte is ever written twice: what a consumer has got stays as it is.
const net = require('node:net');
const { Readable } = require('node:stream');

/** Most programs write little. */
const FIRST_PIECE = 64 * 1024;
const PIECE = 256 * 1024;
/** After so much a read that gets less is followed by a rest, in which the pipe, of a mebibyte, fills. */
const BURST = 128 * 1024;
/** Milliseconds. A timer of one goes off at once where the loop's clock is about to turn. */
const REST = 2;

/** The readable end of a pipe. Reads nothing before `begin`. */
class Output extends Readable {
  #socket;
  #piece = Buffer.alloc(0);
  #used = 0;
  #next = FIRST_PIECE;
  #burst = 0;
  #hasBegun = false;
  #isWanted = false;
  #isResting = false;
  #rest;
  /** Whether all that comes is kept, for a reader that may never come. */
  #isKept = false;

  constructor(descriptor) {
    super({ highWaterMark: FIRST_PIECE });
    const onread = { buffer: () => this.#room(), callback: (count) => this.#take(count) };
    // What was read may still wait for a slow consumer when the pipe is closed: the stream ends, and is then destroyed, by itself.
    let hasEnded = false;
    this.#socket = new net.Socket({ fd: descriptor, readable: true, writable: false, manualStart: true, onread })
      .on('end', () => {
        hasEnded = true;
        this.push(null);
      })
      .on('error', (error) => this.destroy(error))
      .on('close', () => hasEnded || this.destroy());
  }

  /** As a socket does: keeps the process alive while the stream is open. */
  ref() {
    this.#socket.ref();
    this.#rest?.ref();
    return this;
  }

  unref() {
    this.#socket.unref();
    this.#rest?.unref();
    return this;
  }

  /** Takes what is left in the pipe, which nobody writes to any more, and closes that; `closed` is called then. */
  keep(closed) {
    this.#isKept = true;
    this.#socket.once('close', closed).resume();
  }

  begin() {
    this.#hasBegun = true;
    if (this.#isWanted) this._read();
  }

  _read() {
    this.#isWanted = true;
    if (this.#hasBegun && !this.#isResting) this.#socket.resume();
  }

  _destroy(error, done) {
    clearTimeout(this.#rest);
    this.#piece = undefined;
    this.#socket.destroy();
    done(error);
  }

  /** Where the next read goes. */
  #room() {
    if (this.#piece.length - this.#used < this.#piece.length / 2 || this.#piece.length === 0) {
      this.#piece = Buffer.allocUnsafeSlow(this.#next);
      this.#used = 0;
      this.#next = PIECE;
    }
    return this.#piece.subarray(this.#used);
  }

  /** Returns whether to go on reading. */
  #take(count) {
    const start = this.#used;
    this.#used += count;
    this.#burst += count;
    const wantsMore = (this.push(this.#piece.subarray(start, this.#used)) || this.#isKept) && !this.destroyed;
    if (this.#isKept || this.#burst < BURST || count >= BURST || !wantsMore) return wantsMore;
    this.#burst = 0;
    this.#isResting = true;
    if (this.#rest === undefined) this.#rest = setTimeout(() => this.#goOn(), REST);
    else this.#rest.refresh();
    return false;
  }

  #goOn() {
    this.#isResting = false;
    this.#socket.resume();
  }
}

module.exports = { Output };
