'use strict';
// A command that is under way, with its streams.
const { AsyncResource } = require('node:async_hooks');
const { EventEmitter } = require('node:events');
const { constants } = require('node:os');
const { Duplex } = require('node:stream');
const { onAbort } = require('./aborts.js');
const { Channel } = require('./channel.js');
const check = require('./check.js');
const { denied, unwrap } = require('./errors.js');
const { lines } = require('./lines.js');
const { Output } = require('./output.js');
const pending = require('./pending.js');
const { PIPE, TERMINAL, size } = require('./stdio.js');

const { SIGKILL } = constants.signals;
const NAMES = ['stdin', 'stdout', 'stderr'];

/**
 * A command that is under way: an emitter of `spawn`, `exit`, `close` and `error`, and a promise of the result.
 *
 * The streams are made when they are first looked at: output that nobody has looked at when the result is awaited is
 * captured by the addon, at no cost to JavaScript.
 */
class Subprocess extends EventEmitter {
  #native;
  #token;
  #kinds;
  /** Our ends by number; -1: none, or it is a stream already. */
  #descriptors = [];
  #streams = new Map();
  /** The outputs that are not in the result, by name; with a stream where they are captured all the same. */
  #taken = new Map();
  /** The bytes of the others. */
  #captured = { __proto__: null };
  #openStreams = new Set();
  #maxBuffer;
  #forceKillAfterDelay;
  #killer;
  #result;
  #isStarted = false;
  #isOver = false;
  /** Whether its terminal was closed here. */
  #isLeft = false;
  #isClosed;
  #isAwaited = false;
  /** While somebody is asked whether the command may run: says what they said. */
  #answer;
  #isWithdrawn = false;
  /** The error of a command that they didn't allow. */
  #refuse;

  pid = undefined;
  exitCode = null;
  signalCode = null;
  killed = false;

  /**
   * `settle` makes the result, or the error, of a report; `isClosed` says whether the sandbox was closed; `ask`, if it is given,
   * resolves to whether a command may run about which the policy asks.
   */
  constructor({ native, owner, isClosed, call: { command, args, signal }, streams, settle, ask }) {
    super();
    this.#isClosed = isClosed;
    this.#native = native;
    this.#kinds = streams.kinds;
    this.#maxBuffer = command.maxBuffer;
    this.#forceKillAfterDelay = command.forceKillAfterDelay;
    this.spawnfile = command.program;
    this.spawnargs = [command.program, ...args];
    let canceled = signal?.aborted === true;
    const cancel = () => {
      canceled = this.#abort(command.killSignal);
    };
    const report = canceled ? Promise.resolve(undefined) : this.#start(owner, command, streams, ask);
    const forget = canceled ? undefined : signal && onAbort(signal, cancel);
    const withhold = (name, bytes) => this.#withhold(name, bytes);
    this.#result = report.then((ended) => {
      if (this.#isWithdrawn) [ended, canceled] = [undefined, true];
      return settle(ended, { canceled, withhold, refuse: this.#refuse });
    }).finally(() => {
      clearTimeout(this.#killer);
      forget?.();
    });
    this.#result.then((result) => this.#ended(result), (error) => this.#ended(error, error));
  }

  get stdin() {
    return this.#kinds[0] === TERMINAL ? this.#stream(1) : this.#stream(0);
  }

  get stdout() {
    return this.#stream(1);
  }

  get stderr() {
    return this.#stream(2);
  }

  /** To look at one of them is not to look at all. */
  get stdio() {
    const streams = [];
    this.#kinds.forEach((_, number) => {
      Object.defineProperty(streams, number, { enumerable: true, configurable: true, get: () => (number === 0 ? this.stdin : this.#stream(number)) });
    });
    return streams;
  }

  kill(signal = 'SIGTERM') {
    const number = typeof signal === 'number' ? signal : constants.signals[signal];
    if (!Number.isInteger(number) || number < 0 || number > 64) throw check.invalidValue('signal', 'the name or number of a signal', signal);
    if (this.#isOver || this.#token === undefined) return false;
    if (number === 0) return true;
    if (this.#answer !== undefined) {
      this.#isWithdrawn = true;
      this.#answer(false);
      this.killed = true;
      return true;
    }
    const reached = this.#native.signal(this.#token, number);
    this.killed ||= reached;
    return reached;
  }

  resize(columns, rows) {
    if (!this.#kinds.includes(TERMINAL)) throw check.invalidValue('options.stdio', "'pty' for a terminal that can be resized", this.#kinds);
    const [width, height] = [size('columns', columns), size('rows', rows)];
    if (this.#token !== undefined) unwrap(() => this.#native.resize(this.#token, width, height));
  }

  lines(options) {
    const { from = 'stdout' } = check.options('options', options, new Set(['from']));
    check.oneOf('options.from', from, ['stdout', 'stderr']);
    const stream = this[from];
    if (stream === null) throw check.invalidValue('options.from', "a stream that is 'pipe' or 'pty'", from);
    // The other one must not hold the program up.
    this.#await();
    return lines(stream, this.#maxBuffer, this.#result);
  }

  [Symbol.asyncIterator]() {
    return this.lines();
  }

  then(resolve, reject) {
    this.#await();
    return this.#result.then(resolve, reject);
  }

  catch(reject) {
    return this.then(undefined, reject);
  }

  finally(settled) {
    this.#await();
    return this.#result.finally(settled);
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    this.#isAwaited = true;
    this.kill(SIGKILL);
    for (const stream of this.#streams.values()) stream.destroy();
    await this.#result.catch(() => {});
  }

  #start(owner, command, streams, ask) {
    try {
      return pending.add(owner, (token) => {
        const question = ask && unwrap(() => this.#native.question(pending.listed(command)));
        const asks = typeof question === 'string';
        this.#descriptors = unwrap(() => this.#native.spawn(pending.listed(command), streams, token, asks));
        this.#token = token;
        if (asks) this.#ask(ask, JSON.parse(question));
      }, AsyncResource.bind((pid) => this.#started(pid))).report;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #ask(ask, verdict) {
    this.#refuse = denied;
    this.#answer = (approved) => {
      this.#answer = undefined;
      this.#native.answer(this.#token, approved);
    };
    let approved = false;
    try {
      approved = await ask(verdict);
    } catch (thrown) {
      this.#refuse = () => thrown;
    }
    this.#answer?.(approved);
  }

  #started(pid) {
    this.#isStarted = true;
    if (pid !== 0) this.pid = pid;
    if (this.#isLeft) this.#hangUp();
    this.#begin();
    this.#tell('spawn');
  }

  /** Nobody is to hear of a program before its start was told. */
  #begin() {
    for (const stream of this.#streams.values()) stream?.begin?.();
  }

  #abort(signal) {
    const reached = this.kill(signal);
    // Ended by force when the signal is not enough, as at a timeout.
    if (reached) this.#killer = setTimeout(() => this.kill(SIGKILL), Math.min(this.#forceKillAfterDelay, 0x7fffffff));
    return reached;
  }

  /** `result` is an error's, too: one that failed is told from one that was not run by its `failed`. */
  #ended(result, error) {
    this.#isOver = true;
    // The end of a short run may be known before its start.
    if (!this.#isStarted && result?.failed !== undefined && result.pid !== undefined) this.#started(result.pid);
    this.#begin();
    for (const [name, late] of this.#taken) if (late !== undefined) end(late, this.#captured[name]);
    this.#closeEnds();
    if (result?.failed === undefined) {
      // Whoever listens need not await.
      if (this.listenerCount('error') > 0) this.#isAwaited = this.#tell('error', error);
    } else {
      this.exitCode = result.exitCode;
      this.signalCode = result.signal;
      this.#tell('exit', this.exitCode, this.signalCode);
    }
    this.#closed();
    // What nobody hears of must not pass in silence, unless the sandbox was closed on purpose.
    if (error !== undefined && !this.#isAwaited && !this.#isClosed()) Promise.reject(error);
  }

  /** What a listener throws is an uncaught exception, as from any emitter, and keeps nothing from going on. */
  #tell(...event) {
    try {
      return this.emit(...event);
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
      return true;
    }
  }

  /**
   * Nobody reads what would be written from here on. What goes both ways is closed when it has been read to its end, and at
   * once where nobody has looked at it.
   */
  #closeEnds() {
    this.#kinds.forEach((kind, number) => {
      if (kind !== PIPE || NAMES[number] === 'stdout' || NAMES[number] === 'stderr') return;
      const isLookedAt = this.#streams.has(number);
      const stream = this.#stream(number);
      if (number === 0 ? !stream.writableFinished : !isLookedAt) stream.destroy();
    });
    for (const stream of this.#streams.values()) {
      if (stream?.readableEnded) stream.destroy();
      else if (this.#isUnread(stream)) this.#leave(stream);
    }
  }

  /** Nobody may ever read it: it is to hold no descriptor, and not to put `close` off. */
  #leave(stream) {
    if (stream instanceof Output) stream.keep(() => this.#left(stream));
    // As Node does with all of them. Who awaits the result can begin in time.
    else setImmediate(() => this.#isUnread(stream) && stream.resume());
  }

  #isUnread(stream) {
    return this.#openStreams.has(stream) && stream.readable && stream.readableFlowing === null;
  }

  #left(stream) {
    if (this.#openStreams.delete(stream)) this.#closed();
  }

  #closed() {
    if (this.#isOver && this.#openStreams.size === 0) this.emit('close', this.exitCode, this.signalCode);
  }

  /** Has what nobody has looked at by the end of this turn captured: it must not hold the program up. */
  #await() {
    this.#isAwaited = true;
    if (!this.#isOver && this.#token !== undefined) setImmediate(() => this.#native.capture(this.#token));
  }

  #stream(number) {
    if (!this.#streams.has(number)) this.#streams.set(number, this.#open(number));
    return this.#streams.get(number);
  }

  #open(number) {
    const kind = this.#kinds[number];
    if (kind !== PIPE && !(kind === TERMINAL && number === 1)) return null;
    const isOutput = number === 1 || number === 2;
    const descriptor = this.#token === undefined ? -1 : isOutput ? this.#native.take(this.#token, number) : this.#descriptors[number];
    if (descriptor < 0) return this.#standIn(number);
    if (isOutput) this.#taken.set(NAMES[number], undefined);
    const stream = isOutput && kind === PIPE
      ? new Output(descriptor)
      : new Channel({ fd: descriptor, readable: number > 0, writable: !isOutput || kind === TERMINAL });
    if (this.#isStarted || this.#isOver) stream.begin();
    this.#openStreams.add(stream);
    // A program that reads no more has read what it wants. Whoever has to know listens, too.
    if (!isOutput || kind === TERMINAL) stream.on('error', () => {});
    stream.once('end', () => this.#isOver && stream.destroy());
    stream.once('close', () => {
      if (kind === TERMINAL) this.#hangUp();
      this.#left(stream);
    });
    return stream;
  }

  /** Nobody is left at the terminal. A program that isn't there yet gets it first: none can be given one that was hung up. */
  #hangUp() {
    this.#isLeft = true;
    if (this.#isStarted && !this.#isOver) this.#native.hangUp(this.#token);
  }

  /** For a stream that was looked at too late, or of a command that was not run: what was captured, at the end. */
  #standIn(number) {
    const stream = new Duplex({ read() {}, write: (chunk, encoding, done) => done() });
    if (this.#isOver) end(stream, this.#captured[NAMES[number]]);
    else this.#taken.set(NAMES[number], stream);
    return stream;
  }

  /** Whether an output is not for the result. */
  #withhold(name, bytes) {
    this.#captured[name] = bytes;
    return this.#taken.has(name);
  }
}

function end(stream, bytes) {
  if (bytes?.length > 0) stream.push(bytes);
  stream.push(null);
}

module.exports = { Subprocess };
