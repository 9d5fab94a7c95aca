'use strict';
// The response, as node's own ServerResponse, whose head and body do not become text.

const http = require('node:http');

const answer = require('./answer.js');
const { collect } = require('./fields.js');

const kConnection = Symbol('slotway.connection');

/**
 * Makes a constructor of responses; `request.js` tells why.
 *
 * @param {object} prototype that of ServerResponse, or one that inherits from it
 * @returns {new (request: http.IncomingMessage, connection: import('./connection.js')) => http.ServerResponse}
 */
function responses(prototype) {
  function Response(request, connection) {
    this._events = undefined;
    this._eventsCount = 0;
    this._maxListeners = undefined;
    this.outputData = null;
    this.outputSize = 0;
    this.writable = true;
    this.destroyed = false;
    this._last = false;
    this.chunkedEncoding = false;
    this.shouldKeepAlive = true;
    this.maxRequestsOnConnectionReached = false;
    this._defaultKeepAlive = true;
    this.useChunkedEncodingByDefault = true;
    this.sendDate = false;
    this._removedConnection = false;
    this._removedContLen = false;
    this._removedTE = false;
    this.strictContentLength = false;
    this._contentLength = null;
    this._hasBody = true;
    this._trailer = '';
    this.finished = false;
    this._headerSent = false;
    this._closed = false;
    this.socket = null;
    this._header = null;
    this._keepAliveTimeout = 0;
    this._onPendingData = null;
    this.req = null;
    this._sent100 = false;
    this._expect_continue = false;
    http.ServerResponse.call(this, request);
    this[kConnection] = connection;
    this.socket = connection;
    // Its own, because another prototype would not have them.
    this._storeHeader = storeHeader;
    this._send = send;
    this._finish = finish;
    connection.response = this;
    connection._httpMessage = this;
  }
  Response.prototype = prototype;
  return Response;
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

module.exports = { responses };
