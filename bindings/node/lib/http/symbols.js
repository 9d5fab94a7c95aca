'use strict';

// Where node's own messages keep what no public method gives. A test says so when a version
// of node has them no more.

const http = require('node:http');

const found = Object.getOwnPropertySymbols(new http.OutgoingMessage());

/** @param {string} name */
function named(name) {
  return found.find((symbol) => symbol.description === name);
}

module.exports = {
  /** What `setHeader` was told: `{ name in lower case: [name, value] }`, or null. */
  kOutHeaders: named('kOutHeaders'),
  /** Whether `write` has given false since the last `drain`. */
  kNeedDrain: named('kNeedDrain'),
};
