'use strict';
// A request's body: whole, as text, or in pieces as they come.

const { AsyncResource } = require('node:async_hooks');
const { Readable } = require('node:stream');
const { SlotwayError, CODES } = require('./errors.js');
const { BadBody } = require('./bad_body.js');

/** How the body is read: each byte is there once, unless it is asked for whole. */
const UNREAD = 0;
const WHOLE = 1;
const PIECES = 2;

/** Calls `look` when there may be more to read. */
function whenReadable(exchange, look) {
  if (exchange.onreadable !== null) {
    throw new SlotwayError(
      'the body is being read already; read it from one place at a time',
      CODES.out_of_order,
    );
  }
  exchange.onreadable = look;
}

/** The next piece of a body, or a promise for it; empty at its end. */
function next(exchange) {
  const piece = exchange.read();
  if (piece !== null) return piece;
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        const more = exchange.read();
        if (more !== null) resolve(more);
        else whenReadable(exchange, look);
      } catch (error) {
        reject(error);
      }
    };
    whenReadable(exchange, look);
  });
}

/** What is left of a body, in one piece. */
async function collect(exchange) {
  const pieces = [];
  for (;;) {
    const piece = await next(exchange);
    if (piece.length === 0) return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    pieces.push(piece);
  }
}

/** A body as a stream: it is read as fast as the reader takes it. */
class BodyStream extends Readable {
  constructor(exchange) {
    super({ highWaterMark: 64 << 10 });
    this._exchange = exchange;
    // Whoever listens hears it as a part of what asked for the stream.
    this._look = AsyncResource.bind(() => this._read());
  }

  _read() {
    try {
      const piece = this._exchange.read();
      if (piece === null) whenReadable(this._exchange, this._look);
      else this.push(piece.length === 0 ? null : piece);
    } catch (error) {
      this.destroy(error);
    }
  }

  _destroy(error, callback) {
    if (this._exchange.onreadable === this._look) this._exchange.onreadable = null;
    callback(error);
  }
}

/** The body of one request. */
class Body {
  constructor(exchange) {
    this._exchange = exchange;
    this._how = UNREAD;
    /** All of it, or a promise for it, once it was asked for. */
    this._whole = undefined;
    this._stream = undefined;
  }

  _take(how) {
    if (this._how === UNREAD) this._how = how;
    else if (this._how !== how) {
      throw new SlotwayError(
        how === WHOLE
          ? 'the body is read in pieces; it is not there to be asked for whole'
          : 'the body was taken whole; it is not there to be read in pieces',
        CODES.out_of_order,
      );
    }
  }

  /** All of it, or a promise for it. */
  bytes() {
    this._take(WHOLE);
    this._whole ??= this._exchange.body() ?? collect(this._exchange);
    return this._whole;
  }

  /** All of it as text, or a promise for it. */
  text() {
    this._take(WHOLE);
    if (this._whole === undefined) {
      const text = here(this._exchange);
      if (text !== undefined) return text;
      this._whole = collect(this._exchange);
    }
    return this._whole instanceof Buffer ? decode(this._whole) : this._whole.then(decode);
  }

  /** A stream of it. */
  stream() {
    if (this._stream === undefined) {
      this._take(PIECES);
      this._stream = new BodyStream(this._exchange);
    }
    return this._stream;
  }

  /** Pieces of it as they come. */
  async *pieces() {
    this._take(PIECES);
    for (;;) {
      const piece = await next(this._exchange);
      if (piece.length === 0) return;
      yield piece;
    }
  }
}

/** The whole body as text, if it is here. */
function here(exchange) {
  try {
    return exchange.text();
  } catch (error) {
    if (error.code === CODES.invalid_argument) throw new BadBody(error.message);
    throw error;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new BadBody("the request's body is not UTF-8");
  }
}

/** Text as JSON. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadBody(`the request's body is not JSON: ${error.message}`);
  }
}

module.exports = { Body, BodyStream, next, parse };
