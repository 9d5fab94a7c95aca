'use strict';
// The way of a request's body from the hub to an IncomingMessage, as somebody reads it.

const { attempt } = require('./failures.js');
const { DONE } = require('./phase.js');

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
  if (!connection.hasBody || connection.phase === DONE) {
    over(connection);
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
      if (piece.length === 0) over(connection);
      else if (connection.incoming.push(piece)) connection.wanted = true;
    }
  } finally {
    connection.pulling = false;
  }
}

/** Some of the body, nothing at its end; `undefined` when there is none now. */
function read(connection) {
  const { exchange } = connection;
  const piece = exchange.read();
  if (piece === null) {
    exchange.onreadable = () => pull(connection);
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

module.exports = { isWanted, pull };
