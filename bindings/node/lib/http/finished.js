'use strict';
// What node's server does when a response is through: the request lets go of what nobody has
// read, the response says `finish`, and then `close`.

const { DONE } = require('./phase.js');

/** Those to which nobody listens: all that are through at a time are told at once. */
let unheard = [];

/** Node's own, for who writes without a callback; and what says `finish`. */
const SILENT = new Set(['nop', 'bound onFinish']);

/**
 * The answer is complete: whoever listens learns of it with the next tick.
 *
 * @param {import('./connection.js')} connection
 */
function finished(connection) {
  const { incoming, response, heldCallback } = connection;
  connection.phase = DONE;
  connection.queued = 0;
  const heard =
    response._eventsCount > 0 ||
    incoming._eventsCount > 0 ||
    (heldCallback !== null && !SILENT.has(heldCallback.name));
  // A tick of its own belongs to the same context as what ended the answer.
  if (heard) process.nextTick(tell, connection);
  else if (unheard.push(connection) === 1) process.nextTick(tellUnheard);
}

function tellUnheard() {
  const all = unheard;
  unheard = [];
  for (const connection of all) tell(connection);
}

function tell(connection) {
  const { incoming, response, heldCallback, lastCallback } = connection;
  if (connection.timer !== null) clearTimeout(connection.timer);
  response.socket = null;
  connection._httpMessage = null;
  if (!incoming._consuming && incoming._eventsCount > 0) incoming._dump();
  if (heldCallback !== null) heldCallback();
  if (lastCallback !== null) lastCallback();
  // For those who listen a tick lies between `finish` and `close`.
  if (response._eventsCount > 0) process.nextTick(close, response);
  else close(response);
}

/** @param {import('node:http').ServerResponse} response */
function close(response) {
  if (response._closed) return;
  response.destroyed = true;
  response._closed = true;
  response.emit('close');
}

module.exports = { close, finished };
