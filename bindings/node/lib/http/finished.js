'use strict';
// What node's server does when a response is through: the request lets go of what nobody has
// read, the response says `finish`, and then `close`. Here all that are through at a time do.

const { DONE } = require('./phase.js');

/** @type {import('./connection.js')[]} */
let through = [];

/**
 * The answer is complete: whoever listens learns of it with the next tick.
 *
 * @param {import('./connection.js')} connection
 */
function finished(connection) {
  connection.phase = DONE;
  connection.queued = 0;
  if (through.push(connection) === 1) process.nextTick(tell);
}

function tell() {
  const all = through;
  through = [];
  let next = 0;
  try {
    while (next < all.length) tellOne(all[next++]);
  } finally {
    // A listener has thrown, which is no affair of those that come after it.
    if (next < all.length) {
      if (through.length === 0) process.nextTick(tell);
      through = all.slice(next).concat(through);
    }
  }
}

function tellOne(connection) {
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
