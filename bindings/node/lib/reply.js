'use strict';
// The answer to a request, for handlers that say more than what they give back.

const { Encoded, NO_HEADERS } = require('./encoded.js');
const { SlotwayError, CODES } = require('./errors.js');
const { isResponse, sendResponse } = require('./fetch.js');
const { notSent } = require('./problem.js');
const { answerOf, send, toBytes, writeAll } = require('./response.js');

/** Nothing was said of the answer but its head. */
const OPEN = 0;
/** It is being written in pieces. */
const BEGUN = 1;
/** It has been given. */
const GIVEN = 2;

/** The answer to a request. It is given once. */
class Reply {
  constructor(exchange, route) {
    /** The layer below. */
    this.exchange = exchange;
    this._route = route;
    this._state = OPEN;
    this._status = undefined;
    this._pairs = null;
    /** What `write` still waits for. */
    this._writing = undefined;
  }

  /** Chooses the status; without a word 200, or 204 for an answer without a body. */
  status(code) {
    this._notGiven(OPEN);
    this._status = code;
    return this;
  }

  /** Sets a header, or several of one name; what was set by that name before is gone. */
  header(name, value) {
    this._notGiven(OPEN);
    const wanted = String(name).toLowerCase();
    const pairs = [];
    for (let i = 0; i < (this._pairs?.length ?? 0); i += 2) {
      if (this._pairs[i].toLowerCase() !== wanted) pairs.push(this._pairs[i], this._pairs[i + 1]);
    }
    this._pairs = pairs;
    return this.append(name, value);
  }

  /** Adds a header, or several of one name. */
  append(name, value) {
    this._notGiven(OPEN);
    this._pairs ??= [];
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string' && typeof one !== 'number') {
        throw new TypeError(`the value of the header ${name} is ${typeof one}; it is a string`);
      }
      this._pairs.push(String(name), String(one));
    }
    return this;
  }

  /** Sets the content type. */
  type(value) {
    return this.header('content-type', value);
  }

  /** Whether the answer was given or begun. */
  get sent() {
    return this._state !== OPEN || this.exchange.answered;
  }

  /**
   * Answers with what a handler may give back as well. Gives a promise for when all of it is on
   * its way; whoever ignores it loses nothing, because what goes wrong is in the log as well.
   */
  send(value) {
    this._notGiven(OPEN);
    return this._give(value) ?? Promise.resolve();
  }

  /** As `send`; `undefined` when all of it is on its way. */
  _give(value) {
    const { exchange } = this;
    let sent;
    try {
      sent = isResponse(value)
        ? sendResponse(exchange, value)
        : send(exchange, answerOf(value, this._status, this._headers()));
    } finally {
      // What was refused as a whole can be made good.
      if (sent !== undefined || exchange.started) this._state = GIVEN;
    }
    sent?.catch((error) => notSent(exchange, this._route, error));
    return sent;
  }

  /** Says of an activity "not now": it goes to another worker, or waits; no attempt is counted. */
  busy() {
    void this.status(503).header('slotway-busy', '1').send(null);
    return this;
  }

  /** Adds a piece to an answer in pieces. The promise is for when there is room for more. */
  write(piece) {
    this._notGiven(BEGUN);
    const bytes = toBytes(piece);
    if (this._state === OPEN) {
      this.exchange.start(this._status ?? 200, this._headers());
      this._state = BEGUN;
    }
    // One after the other, in the order in which they were given.
    const written =
      this._writing === undefined
        ? writeAll(this.exchange, bytes)
        : this._writing.then(() => writeAll(this.exchange, bytes));
    if (written === undefined) return Promise.resolve();
    this._writing = written;
    const through = () => {
      if (this._writing === written) this._writing = undefined;
    };
    written.then(through, through);
    return written;
  }

  /** Sends what there is of an answer in pieces on its way: its head at least. */
  flush() {
    this._notGiven(BEGUN);
    if (this._state === OPEN) {
      this.exchange.start(this._status ?? 200, this._headers());
      this._state = BEGUN;
    }
    this.exchange.flush();
    return this;
  }

  /** Whether all of the answer was given, if it is not on its way yet. */
  get given() {
    return this._state === GIVEN;
  }

  /** Ends an answer in pieces, with a last one if it is given. */
  async end(piece) {
    if (piece !== undefined || this._state === OPEN) await this.write(piece ?? '');
    this._notGiven(BEGUN);
    await this._writing;
    this._state = GIVEN;
    this.exchange.finish();
  }

  /** Breaks the answer off: the client gets 502, or a broken connection if it had begun. */
  abort() {
    this._state = GIVEN;
    if (!this.exchange.answered) this.exchange.abort();
  }

  _headers() {
    return this._pairs === null ? NO_HEADERS : new Encoded(this._pairs);
  }

  _notGiven(most) {
    if (this._state <= most && !this.exchange.answered) return;
    if (this.exchange.answered) throw this.exchange.gone();
    throw this._state === GIVEN
      ? new SlotwayError('the request has been answered', CODES.already_answered)
      : new SlotwayError('the answer was begun; write, flush, end or abort it', CODES.out_of_order);
  }
}

module.exports = { Reply };
