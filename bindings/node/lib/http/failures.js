'use strict';
// What goes wrong while a request is read and answered.

const { CODES } = require('../errors.js');
const { DONE } = require('./phase.js');

/** What only says that nobody waits any more, which is no fault of the application. */
const NOBODY_WAITS = [CODES.already_answered, CODES.cancelled, CODES.hub_gone, CODES.body_aborted];

/**
 * Does something that may find that nobody waits, or that the answer cannot be sent. Then the
 * connection is broken off.
 *
 * @template T
 * @param {import('./connection.js')} connection
 * @param {(connection: import('./connection.js')) => T} act
 * @returns {T | undefined}
 */
function attempt(connection, act) {
  try {
    return act(connection);
  } catch (error) {
    if (connection.phase === DONE) return undefined;
    if (NOBODY_WAITS.includes(error.code)) connection.lost(reset());
    else connection.refuse('bad_answer', 'the answer cannot be sent', error);
    return undefined;
  }
}

/** As node says it of a client that has gone. */
function reset() {
  const error = new Error('aborted');
  error.code = 'ECONNRESET';
  return error;
}

module.exports = { attempt, reset };
