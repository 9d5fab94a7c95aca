'use strict';
// The response, as node's own ServerResponse, whose head and body do not become text.

const http = require('node:http');

const answer = require('./answer.js');
const { collect } = require('./fields.js');

const kConnection = Symbol('slotway.connection');

class Response extends http.ServerResponse {
  /**
   * @param {import('./request.js')} request
   * @param {import('./connection.js')} connection
   */
  constructor(request, connection) {
    super(request);
    this[kConnection] = connection;
    this.socket = connection;
    // Its own, because Express gives the object another prototype.
    this._storeHeader = storeHeader;
    this._send = send;
    this._finish = finish;
    connection.response = this;
    connection._httpMessage = this;
  }
}

/** The head is complete. Everything else looks at `_header` for whether there is one. */
function storeHeader(firstLine, headers) {
  const connection = this[kConnection];
  // One that throws leaves no half of it behind.
  connection.text = '';
  connection.count = 0;
  connection.statesLength = false;
  collect(connection, this, headers);
  this._header = firstLine;
}

/** A piece of the body. `_headerSent` stays false, by which `end` comes here in any case. */
function send(data, encoding, callback) {
  return answer.accept(this[kConnection], data, encoding, callback);
}

/** `end` has said all. */
function finish() {
  answer.end(this[kConnection]);
  if (this._eventsCount > 0) this.emit('prefinish');
}

module.exports = Response;
