'use strict';
// The way of a request's body from the hub to an IncomingMessage, as somebody reads it.

const { attempt } = require('./failures.js');
const { DONE } = require('./phase.js');
const { CODES, SlotwayError } = require('../errors.js');

/**
 * Whether somebody reads the body and has not come to its end.
 *
 * @param {import('./connection.js')} connection
 */
function isWanted({ hasBody, inputOver, incoming }) {
  if (!hasBody || inputOver || incoming._dumped || incoming.destroyed) return false;
  const { flowing, pipes } = incoming._readableState;
  return flowing === true || pipes.length > 0 || incoming.listenerCount('readable') > 0;
}

/**
 * The request wants more of its body.
 *
 * @param {import('./connection.js')} connection
 */
function pull(connection) {
  if (connection.inputOver) return;
  if (!connection.hasBody) {
    over(connection);
    return;
  }
  if (connection.phase === DONE) {
    late(connection);
    return;
  }
  // From within `push`: the loop below goes on.
  connection.wanted = true;
  if (connection.pulling) return;
  connection.pulling = true;
  try {
    while (connection.wanted && !connection.inputOver && connection.phase !== DONE) {
      connection.wanted = false;
      const piece = attempt(connection, read);
      if (piece === undefined) return;
      if (piece.length === 0) {
        over(connection);
      } else {
        connection.begun = true;
        connection.left -= piece.length;
        if (connection.incoming.push(piece)) connection.wanted = true;
        if (connection.left === 0) over(connection);
      }
    }
  } finally {
    connection.pulling = false;
  }
}

/** There is more. What a listener for it throws is not for the requests of others to bear. */
function pullAgain(connection) {
  try {
    connection.scope.runInAsyncScope(pull, undefined, connection);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/**
 * Somebody reads after the answer, when what was not read is gone. As on node's own server that
 * is nothing to who has not begun; who has read a part must not take it for the whole.
 */
function late(connection) {
  const { begun, incoming } = connection;
  if (begun && !incoming._dumped) {
    const message = 'the request was answered before all of its body was read';
    incoming.destroy(new SlotwayError(message, CODES.already_answered));
  } else {
    over(connection);
  }
}

/**
 * Nobody waits for more of the body, since the answer takes what there is of it away.
 *
 * @param {import('./connection.js')} connection
 */
function leave({ exchange, incoming }) {
  if (exchange.onreadable === null) return;
  exchange.onreadable = null;
  // Node takes what it has asked for to be on its way, and would never ask again.
  incoming._readableState.reading = false;
}

/** Some of the body, nothing at its end; `undefined` when there is none now. */
function read(connection) {
  const { exchange } = connection;
  const piece = exchange.read();
  if (piece === null) {
    exchange.onreadable = () => pullAgain(connection);
    return undefined;
  }
  connection.moved();
  return piece;
}

function over(connection) {
  const { incoming } = connection;
  connection.inputOver = true;
  incoming.complete = true;
  incoming.push(null);
  if (connection.lingers) connection.settle();
}

module.exports = { isWanted, leave, pull };
