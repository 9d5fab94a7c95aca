'use strict';
// The way of an answer from a ServerResponse to the hub.
//
// What fits goes in one call with its head: `end` brings the pieces of an answer in one go,
// and until then, or until whoever wrote lets go of the processor, they are held. What is
// longer or comes later is a stream. It waits in a queue for room in the slot, and as the
// queue gets shorter the response's `drain` and the callbacks of its writes are called.

const { asUtf8 } = require('./fields.js');
const { attempt } = require('./failures.js');
const { finished } = require('./finished.js');
const { isWanted, leave } = require('./input.js');
const { kNeedDrain } = require('./symbols.js');
const { DONE, HELD, STREAMING } = require('./phase.js');

/** What a response takes before its `write` says that it is enough. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * A piece of the body; gives whether the response may go on writing.
 *
 * @param {import('./connection.js')} connection
 * @param {string | Uint8Array} data
 * @param {BufferEncoding | null | undefined} encoding
 * @param {Function | undefined} callback for when the hub has it; `flushHeaders` alone has none
 */
function accept(connection, data, encoding, callback) {
  if (connection.phase === DONE) return false;
  if (connection.phase === HELD) {
    if (callback !== undefined && hold(connection, data, encoding, callback)) {
      return connection.queued < HIGH_WATER_MARK;
    }
    begin(connection);
  }
  if (callback === undefined) {
    if (connection.phase === STREAMING) attempt(connection, flush);
    return true;
  }
  if (connection.phase === STREAMING) {
    enqueue(connection, data, encoding, callback);
    pour(connection);
  }
  return connection.queued < HIGH_WATER_MARK;
}

function flush({ exchange }) {
  exchange.flush();
}

/** Keeps the first piece, and the empty one with which `end` says that it was the last. */
function hold(connection, data, encoding, callback) {
  if (connection.held === null) {
    // Nobody is going to uncork it.
    if (connection.corks === 0) return false;
    connection.held = data;
    connection.encoding = encoding;
    connection.heldCallback = callback;
    connection.queued = data.length;
    return true;
  }
  if (data.length > 0 || connection.lastCallback !== null) return false;
  connection.lastCallback = callback;
  return true;
}

/** Nothing is going to be added now to what is held. */
function release(connection) {
  if (connection.phase === HELD && connection.held !== null) begin(connection);
}

/** `end` was called, and all of the answer is here. */
function end(connection) {
  connection.ended = true;
  // Who listens for the end is likely to write a log, and that is after the answer.
  if (connection.response._eventsCount > 0) connection.whoCame();
  if (connection.phase === HELD) {
    // Whoever still reads the request would lose the rest of it with a complete answer.
    if (!isWanted(connection)) attempt(connection, respond);
    if (connection.phase === HELD) begin(connection);
  } else {
    settle(connection);
  }
}

/** All in one call, unless the slot does not hold it at once. */
function respond(connection) {
  const { exchange, incoming, response, held, encoding } = connection;
  // Who leaves out the length of an answer to HEAD does not mean that it is 0.
  if (incoming.method === 'HEAD' && !connection.statesLength) return;
  let body = held;
  if (typeof body === 'string') {
    if (isUtf8(encoding)) connection.asUtf8();
    else body = Buffer.from(body, encoding);
  }
  leave(connection);
  if (exchange.respond(response.statusCode, connection, body)) finished(connection);
}

/** The head goes, and after it what was held. */
function begin(connection) {
  const { held, encoding, heldCallback, lastCallback } = connection;
  if (typeof held === 'string' && isUtf8(encoding)) connection.asUtf8();
  attempt(connection, start);
  if (connection.phase !== HELD) return;
  connection.phase = STREAMING;
  connection.queue = [];
  connection.queued = 0;
  connection.held = connection.heldCallback = connection.lastCallback = null;
  if (heldCallback !== null) enqueue(connection, held, encoding, heldCallback);
  if (lastCallback !== null) enqueue(connection, '', null, lastCallback);
  pour(connection);
}

function start(connection) {
  connection.exchange.start(connection.response.statusCode, connection);
}

function isUtf8(encoding) {
  return !encoding || encoding === 'utf8' || encoding === 'utf-8';
}

function enqueue(connection, data, encoding, callback) {
  const bytes = typeof data === 'string' ? Buffer.from(data, encoding || 'utf8') : data;
  connection.queue.push({ bytes, from: 0, callback });
  connection.queued += bytes.length;
}

/** Moves as much as there is room for; goes on when there is more. */
function pour(connection) {
  attempt(connection, move);
  if (connection.phase !== STREAMING) return;
  if (connection.response[kNeedDrain] && connection.queued < HIGH_WATER_MARK) {
    process.nextTick(drain, connection);
  }
  settle(connection);
}

function move(connection) {
  const { exchange, queue } = connection;
  while (queue.length > 0) {
    const first = queue[0];
    const { length } = first.bytes;
    if (first.from < length) {
      const count = exchange.write(first.bytes, first.from);
      if (count < 0) {
        exchange.onwritable = () => connection.scope.runInAsyncScope(pour, undefined, connection);
        return;
      }
      connection.moved();
      connection.queued -= count;
      first.from += count;
      if (first.from < length) continue;
    }
    queue.shift();
    // If it is that of `end`, it is for `finished` to call.
    if (queue.length === 0) connection.lastCallback = first.callback;
    process.nextTick(called, connection, first.callback);
  }
}

/** A piece is through, and whoever wrote it hears so. */
function called(connection, callback) {
  if (connection.lastCallback !== callback) {
    callback();
  } else if (!connection.ended) {
    connection.lastCallback = null;
    callback();
  }
}

function drain({ response, queued }) {
  if (queued >= HIGH_WATER_MARK || response.finished || !response[kNeedDrain]) return;
  response[kNeedDrain] = false;
  response.emit('drain');
}

/** Ends a stream when nothing is left to do. */
function settle(connection) {
  if (connection.phase !== STREAMING || !connection.ended || connection.queue.length > 0) return;
  if (isWanted(connection)) {
    // The client has all that there is for it; who reads has the rest to come.
    connection.lingers = true;
    attempt(connection, flush);
  } else {
    attempt(connection, finish);
  }
}

function finish(connection) {
  const { exchange } = connection;
  leave(connection);
  exchange.finish();
  finished(connection);
}

module.exports = { HIGH_WATER_MARK, accept, end, pour, release, settle };
