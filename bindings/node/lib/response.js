'use strict';
// What a handler may give back, and how it is sent.

const { Blob } = require('node:buffer');
const { Readable } = require('node:stream');
const { Encoded } = require('./encoded.js');

const TEXT = new Encoded(['content-type', 'text/plain; charset=utf-8']);
const BYTES = new Encoded(['content-type', 'application/octet-stream']);
const JSON_HEADERS = new Encoded(['content-type', 'application/json']);

/** Status, headers and a body that is there as a whole, or a source of pieces. */
class Answer {
  constructor(status, headers, body, source) {
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.source = source;
  }
}

/**
 * The answer that a handler's value stands for.
 * @param {unknown} value what the handler gave back
 * @param {number | undefined} status what it chose besides
 * @param {Encoded} own its own headers
 */
function answerOf(value, status, own) {
  switch (typeof value) {
    case 'string':
      return new Answer(status ?? 200, own.after(TEXT), value, null);
    case 'number':
    case 'boolean':
      return new Answer(status ?? 200, own.after(JSON_HEADERS), JSON.stringify(value), null);
    case 'object':
      break;
    default:
      throw new TypeError(nonsense(value));
  }
  if (value === null) return new Answer(status ?? 204, own, null, null);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return new Answer(status ?? 200, own.after(BYTES), toBytes(value), null);
  }
  if (isSource(value)) return new Answer(status ?? 200, own.after(BYTES), null, value);
  if (value instanceof Blob) {
    const type = value.type === '' ? BYTES : new Encoded(['content-type', value.type]);
    const headers = own.after(type).withLength(value.size);
    return new Answer(status ?? 200, headers, null, value.stream());
  }
  return new Answer(status ?? 200, own.after(JSON_HEADERS), JSON.stringify(value), null);
}

/** Whether something gives pieces of a body. Arrays are for JSON. */
function isSource(value) {
  if (typeof value[Symbol.asyncIterator] === 'function') return true;
  return typeof value[Symbol.iterator] === 'function' && typeof value.next === 'function';
}

function nonsense(value) {
  return (
    'a handler gives back text, bytes, what JSON can say, null, a Response, a stream or an ' +
    `iterator, not ${typeof value === 'function' ? 'a function' : String(value)}`
  );
}

/** A piece of a streamed body as bytes. */
function toBytes(piece) {
  if (typeof piece === 'string') return Buffer.from(piece);
  if (piece instanceof Uint8Array) return piece;
  if (ArrayBuffer.isView(piece)) {
    return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  }
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece);
  throw new TypeError(
    `a piece of a body is text or bytes, not ${piece === null ? 'null' : typeof piece}`,
  );
}

/** Adds to a streamed answer; a promise if that means to wait for room. */
function writeAll(exchange, bytes) {
  // Also for nothing: whoever writes to an answer that is over is to hear it.
  const count = exchange.write(bytes);
  return count === bytes.length ? undefined : writeRest(exchange, bytes, Math.max(count, 0));
}

async function writeRest(exchange, bytes, from) {
  let count = from === 0 ? -1 : 0;
  for (;;) {
    if (count === -1) {
      await new Promise((resolve) => {
        exchange.onwritable = resolve;
      });
    }
    count = exchange.write(bytes, from);
    if (count !== -1 && (from += count) >= bytes.length) return;
  }
}

/** Sends an answer; a promise if that takes its time. */
function send(exchange, answer) {
  const { status, headers, body, source } = answer;
  if (source !== null) return pump(exchange, status, headers, source);
  if (exchange.respond(status, headers, body)) return undefined;
  return sendLarge(exchange, status, headers, toBytes(body));
}

/** Answers with a body that the slot does not hold at once. */
async function sendLarge(exchange, status, headers, bytes) {
  exchange.start(status, headers.withLength(bytes.length));
  await writeAll(exchange, bytes);
  exchange.finish();
}

/** Sends the pieces that a source gives, each as it comes and not before there is room. */
async function pump(exchange, status, headers, source) {
  try {
    exchange.start(status, headers);
    // So that a client sees the head of an answer whose first piece takes its time.
    exchange.flush();
    if (source instanceof Readable) exchange.stop = () => source.destroy();
    for await (const piece of source) {
      const written = writeAll(exchange, toBytes(piece));
      if (written !== undefined) await written;
    }
    exchange.finish();
  } catch (error) {
    // One that was not begun to be read would never end by itself.
    if (source instanceof Readable) source.destroy();
    throw error;
  }
}

module.exports = { Answer, answerOf, send, toBytes, writeAll, isSource };
