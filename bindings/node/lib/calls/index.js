'use strict';
// Calling activities that other workers do.

const { Asked } = require('./asked.js');
const { Calling } = require('./calling.js');
const { events: shared } = require('../events/index.js');

/**
 * Calls an activity through a connection, and gives a promise for what the worker answers that
 * does it.
 * @param {import('../events/index.js').Events} events what the connection is found by
 */
function callThrough(events, queue, activity, payload, options) {
  return new Promise((resolve, reject) => {
    const asked = new Asked(queue, activity, payload, options);
    new Calling(events, asked, options?.signal, { resolve, reject }).begin();
  });
}

/** Calls through the first worker that begins in this process. */
function call(queue, activity, payload, options) {
  return callThrough(shared, queue, activity, payload, options);
}

/** Gives a class that has `events` the method `call`. */
function withCalls(type) {
  type.prototype.call = function (queue, activity, payload, options) {
    return callThrough(this.events, queue, activity, payload, options);
  };
}

module.exports = { call, withCalls };
