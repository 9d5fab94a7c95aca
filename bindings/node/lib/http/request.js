'use strict';
// The request, as node's own IncomingMessage.

const http = require('node:http');

/** How the hub tells HTTP/1.0 from the others. */
const HTTP_10 = 10;

/**
 * Makes a constructor of requests.
 *
 * It is a function for each prototype, and no class, because Express gives every request a
 * prototype of its own. To give it to an object that is there makes V8 forget all that it knows
 * of the object's shape, and then Express spends most of its time on looking things up.
 * An object that was born with that prototype keeps its shape.
 *
 * @param {object} prototype that of IncomingMessage, or one that inherits from it
 * @returns {new (connection: import('./connection.js')) => http.IncomingMessage}
 */
function requests(prototype) {
  function Request(connection) {
    // V8 sets aside as many places as it sees here, and what lies outside of the object is
    // slow to add. These are node's own fields and values.
    this._readableState = undefined;
    this._events = undefined;
    this._eventsCount = 0;
    this._maxListeners = undefined;
    this.socket = null;
    this.httpVersionMajor = 1;
    this.httpVersionMinor = 1;
    this.httpVersion = '1.1';
    this.complete = false;
    this.rawHeaders = null;
    this.rawTrailers = null;
    this.joinDuplicateHeaders = false;
    this.aborted = false;
    this.upgrade = null;
    this.url = '';
    this.method = null;
    this.statusCode = null;
    this.statusMessage = null;
    this.client = null;
    this._consuming = false;
    this._dumped = false;
    http.IncomingMessage.call(this, connection);
    const { exchange } = connection;
    const { method, url, version, rawHeaders } = exchange.head();
    this.method = method;
    this.url = url;
    // An application that was written for node:http has never met another.
    this.httpVersionMajor = 1;
    this.httpVersionMinor = version === HTTP_10 ? 0 : 1;
    this.httpVersion = version === HTTP_10 ? '1.0' : '1.1';
    // Its own, because another prototype would not have it.
    this._addHeaderLine = addHeaderLine;
    connection.incoming = this;
    frame(connection, rawHeaders);
    this._addHeaderLines(rawHeaders, rawHeaders.length);
  }
  Request.prototype = prototype;
  return Request;
}

/**
 * Finds out whether the request has a body. One of unknown length was sent in chunks, of which
 * the hub says nothing; but applications look for that to know whether there is a body.
 */
function frame(connection, rawHeaders) {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i] === 'content-length') {
      connection.left = Number(rawHeaders[i + 1]);
      connection.hasBody = connection.left > 0;
      return;
    }
  }
  const { core, number } = connection.exchange;
  try {
    if (core.atEnd(number)) return;
  } catch {
    // It was broken off already, which whoever reads it is going to learn.
  }
  connection.hasBody = true;
  rawHeaders.push('transfer-encoding', 'chunked');
}

/** As node's own, which for every header first looks up what its name is in lower case. */
function addHeaderLine(field, value, headers) {
  if (headers[field] === undefined && field !== 'set-cookie') headers[field] = value;
  else http.IncomingMessage.prototype._addHeaderLine.call(this, field, value, headers);
}

module.exports = { requests };
