'use strict';
// One request and its answer, as what serves a route gets it.

const { SlotwayError, CODES } = require('./errors.js');
const native = require('./native.js');

const { methods: METHODS, names: NAMES } = native;

/** What `number` is once the answer is complete. */
const ANSWERED = -1;

/** Numbers that `head` gives before those of the headers, and for each header. */
const FIXED = 4;
const EACH = 2;
let heads = new Int32Array(FIXED + EACH * 64);

/** Where bodies are copied to, several to one piece of memory, as Buffer.allocUnsafe does. */
const POOL_BYTES = 64 << 10;
let pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let used = 0;

/**
 * A request in hand and the duty to answer it. After the answer asking throws a SlotwayError
 * with `kind` 'already_answered'.
 *
 * `onreadable`, `onwritable` and `oncancel` are called when a wait may be over that `read`,
 * `write` or the service began; the first two also when the exchange ends otherwise.
 */
class Exchange {
  constructor(core, number, service) {
    this.core = core;
    this.number = number;
    this.service = service;
    /** Whether nobody waits for the answer any more. */
    this.cancelled = false;
    this.onreadable = null;
    this.onwritable = null;
    this.oncancel = null;
    /** Ends what the answer is made of, when nobody waits for it. */
    this.stop = null;
  }

  // --- the request ---

  /**
   * Method, target, version and headers (names and values in turn) in one call.
   * @returns {{ method: string, url: string, version: number, rawHeaders: string[] }}
   */
  head() {
    let text = this.core.head(this.number, heads);
    if (text === null) {
      heads = new Int32Array(FIXED + EACH * heads[3]);
      text = this.core.head(this.number, heads);
    }
    let at = 0;
    let method;
    const known = heads[0];
    if (known >= 0) {
      method = METHODS[known];
    } else {
      method = text.substring(0, -known);
      at = -known;
    }
    const url = text.substring(at, at + heads[1]);
    at += heads[1];
    const count = heads[3];
    const rawHeaders = new Array(2 * count);
    for (let i = 0; i < count; i++) {
      const name = heads[FIXED + EACH * i];
      if (name >= 0) {
        rawHeaders[2 * i] = NAMES[name];
      } else {
        rawHeaders[2 * i] = text.substring(at, at - name);
        at -= name;
      }
      const length = heads[FIXED + EACH * i + 1];
      rawHeaders[2 * i + 1] = text.substring(at, at + length);
      at += length;
    }
    return { method, url, version: heads[2], rawHeaders };
  }

  /** The first value of a header, its name in any case of letters. */
  header(name) {
    return this.core.header(this.number, name);
  }

  /** The whole body if it is here now, else `undefined`: read it. A copy of its own. */
  body() {
    const length = this.core.body(this.number, pool, used);
    if (length === -1) return undefined;
    if (length >= 0) return piece(length);
    const bytes = Buffer.allocUnsafe(-2 - length);
    this.core.body(this.number, bytes, 0);
    return bytes;
  }

  /** The whole body as text if it is here now, else `undefined`. */
  text() {
    return this.core.text(this.number) ?? undefined;
  }

  /** Some of the body; empty at its end; `null`: `onreadable` is called when there is more. */
  read() {
    if (this.number === ANSWERED) throw this.gone();
    if (used > POOL_BYTES - (16 << 10)) renew();
    const length = this.core.read(this.number, pool, used);
    if (length >= 0) return piece(length);
    this.service.waiting.set(this.number, this);
    return null;
  }

  // --- the answer ---

  /**
   * Answers in one call. `false`: the slot does not hold the body at once, and nothing has
   * happened; `start` and `write` it.
   * @param {number} status
   * @param {import('./encoded.js').Encoded} headers
   * @param {string | Uint8Array | null} body
   */
  respond(status, headers, body) {
    const number = this.number;
    let answered;
    try {
      answered = this.core.respond(number, status, headers.count, headers.text, body);
    } catch (error) {
      this.lookUp();
      throw error;
    }
    if (answered) this.ended();
    return answered;
  }

  /** Begins a streamed answer. A content-length is held to. */
  start(status, headers) {
    this.core.start(this.number, status, headers.count, headers.text);
  }

  /** Adds as much as there is room for, how many bytes; -1: `onwritable` is called. */
  write(bytes, from = 0) {
    if (this.number === ANSWERED) throw this.gone();
    const count = this.core.write(this.number, bytes, from);
    if (count === -1) this.service.waiting.set(this.number, this);
    return count;
  }

  /** Sends what there is of a streamed answer, its head at least. */
  flush() {
    this.core.flush(this.number);
  }

  /** Ends a streamed answer. */
  finish() {
    try {
      this.core.finish(this.number);
    } catch (error) {
      this.lookUp();
      throw error;
    }
    this.ended();
  }

  /** Breaks it off: the client gets 502, or a broken connection if the answer had begun. */
  abort() {
    try {
      this.core.abort(this.number);
    } catch (error) {
      this.lookUp();
      throw error;
    }
    this.ended();
  }

  /** Whether the answer is complete. */
  get answered() {
    return this.number === ANSWERED;
  }

  /** Whether the answer's head is written. */
  get started() {
    return this.number === ANSWERED || this.core.started(this.number);
  }

  // --- how it goes on ---

  /** Why there is nothing to be done any more. */
  gone() {
    return this.cancelled
      ? new SlotwayError('nobody waits for the answer any more', CODES.cancelled)
      : new SlotwayError('the exchange has been answered', CODES.already_answered);
  }

  /** Forgets its number if it is over. */
  lookUp() {
    if (this.number !== ANSWERED && !this.core.open(this.number)) this.ended();
  }

  ended() {
    const { onreadable, onwritable } = this;
    this.service.waiting.delete(this.number);
    this.number = ANSWERED;
    this.onreadable = this.onwritable = this.oncancel = this.stop = null;
    if (onreadable !== null) onreadable();
    if (onwritable !== null) onwritable();
  }

  /** From here on a notice comes when nobody waits any more. */
  watch() {
    if (this.core.watch(this.number)) this.cancel();
    else this.service.waiting.set(this.number, this);
  }

  /** A notice has come. */
  noticed() {
    if (this.core.watch(this.number)) {
      this.cancel();
      return;
    }
    const { onreadable, onwritable } = this;
    if (onreadable !== null) {
      this.onreadable = null;
      onreadable();
    }
    if (onwritable !== null) {
      this.onwritable = null;
      onwritable();
    }
  }

  /** Ends it, whatever it takes. */
  letGo() {
    try {
      this.abort();
    } catch {
      this.core.drop(this.number);
      this.ended();
    }
  }

  /** Nobody waits: whoever serves it is told, and the slot goes back. */
  cancel() {
    const { oncancel, stop } = this;
    this.cancelled = true;
    this.oncancel = this.stop = null;
    try {
      if (oncancel !== null) oncancel();
      if (stop !== null) stop();
    } finally {
      if (this.number !== ANSWERED) this.letGo();
    }
  }
}

/** A piece of the pool that was just written. */
function piece(length) {
  const bytes = pool.subarray(used, used + length);
  used += length;
  // Whoever writes to one piece does not reach the next by accident of alignment.
  used = (used + 7) & ~7;
  if (used >= POOL_BYTES) renew();
  return bytes;
}

function renew() {
  pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  used = 0;
}

module.exports = { Exchange };
