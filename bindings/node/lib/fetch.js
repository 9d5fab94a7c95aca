'use strict';
// The form that the web has: a Request in, a Response out.

const { Encoded } = require('./encoded.js');
const { next } = require('./body.js');
const { writeAll } = require('./response.js');

/** Turns of the queue of promises that a body gets to show that its first piece was all. */
const PATIENCE = 8;

/** The web's Request for one of ours; its `signal` is aborted when nobody waits any more. */
function requestOf({ exchange, signal }) {
  const { method, url, rawHeaders } = exchange.head();
  const headers = new Headers();
  let scheme = 'http';
  let host = 'localhost';
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    const value = rawHeaders[i + 1];
    // The hub writes it, and nobody else can.
    if (name === 'x-forwarded-proto' && value === 'https') scheme = 'https';
    else if (name === 'host' && value !== '') host = value;
    headers.append(name, value);
  }
  return new Request(`${scheme}://${host}${url}`, {
    method,
    headers,
    signal,
    body: method === 'GET' || method === 'HEAD' ? null : bodyOf(exchange),
    duplex: 'half',
  });
}

/** The body: what is here whole as bytes, the rest as a stream that is read as it is taken. */
function bodyOf(exchange) {
  const whole = exchange.body();
  if (whole !== undefined) return whole.length === 0 ? null : whole;
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const piece = await next(exchange);
      if (piece.length > 0) {
        controller.enqueue(new Uint8Array(piece));
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

/** Whether a value is a Response, of whichever make. */
function isResponse(value) {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof value.status === 'number' &&
    typeof value.arrayBuffer === 'function' &&
    typeof value.headers?.get === 'function'
  );
}

/** Answers with a Response. */
async function sendResponse(exchange, response) {
  const pairs = [];
  for (const [name, value] of response.headers) pairs.push(name, value);
  const headers = new Encoded(pairs);
  if (response.body === null) {
    exchange.respond(response.status, headers, null);
    return;
  }
  const reader = response.body.getReader();
  exchange.stop = () => reader.cancel().catch(() => {});
  try {
    const first = await reader.read();
    if (first.done) {
      exchange.respond(response.status, headers, null);
      return;
    }
    // Most bodies are one piece: that they are shows soon, and then one call answers.
    let second;
    const coming = reader.read();
    coming.then(
      (result) => (second = result),
      () => {},
    );
    for (let turn = 0; turn < PATIENCE && second === undefined; turn++) await null;
    if (second?.done && exchange.respond(response.status, headers, first.value)) return;
    exchange.start(
      response.status,
      second?.done ? headers.withLength(first.value.length) : headers,
    );
    await writeAll(exchange, first.value);
    exchange.flush();
    for (let result = await coming; !result.done; result = await reader.read()) {
      await writeAll(exchange, result.value);
    }
    exchange.finish();
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

module.exports = { requestOf, isResponse, sendResponse };
