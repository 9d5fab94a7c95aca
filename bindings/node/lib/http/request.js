'use strict';
// The request, as node's own IncomingMessage.

const http = require('node:http');

/** The version by which node's messages are told apart; the others are the hub's affair. */
const HTTP_10 = 10;

class Request extends http.IncomingMessage {
  /** @param {import('./connection.js')} connection */
  constructor(connection) {
    super(connection);
    const { exchange } = connection;
    const { method, url, version, rawHeaders } = exchange.head();
    this.method = method;
    this.url = url;
    // An application that was written for node:http has never met another.
    this.httpVersionMajor = 1;
    this.httpVersionMinor = version === HTTP_10 ? 0 : 1;
    this.httpVersion = version === HTTP_10 ? '1.0' : '1.1';
    // Its own, because Express gives the object another prototype.
    this._addHeaderLine = addHeaderLine;
    connection.incoming = this;
    connection.hasBody = frame(exchange, rawHeaders);
    this._addHeaderLines(rawHeaders, rawHeaders.length);
  }
}

/**
 * Whether the request has a body. One of unknown length was sent in chunks, of which the hub
 * says nothing; but applications look for that to know whether there is a body.
 */
function frame(exchange, rawHeaders) {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i] === 'content-length') return rawHeaders[i + 1] !== '0';
  }
  if (exchange.core.atEnd(exchange.number)) return false;
  rawHeaders.push('transfer-encoding', 'chunked');
  return true;
}

/** As node's own, which for every header first looks up what its name is in lower case. */
function addHeaderLine(field, value, headers) {
  if (headers[field] === undefined && field !== 'set-cookie') headers[field] = value;
  else http.IncomingMessage.prototype._addHeaderLine.call(this, field, value, headers);
}

module.exports = Request;
