'use strict';
// What kind of messages an application wants.

const http = require('node:http');

const { requests } = require('./request.js');
const { responses } = require('./response.js');

const { IncomingMessage, ServerResponse } = http;

/**
 * Constructors of a request and a response for a listener. Applications of Express say which
 * prototypes they are going to give to both, and get them with these.
 *
 * @param {Function & { request?: unknown, response?: unknown }} listener
 */
function messages({ request, response }) {
  const says = inherits(IncomingMessage, request) && inherits(ServerResponse, response);
  return {
    Request: requests(says ? request : Object.create(IncomingMessage.prototype)),
    Response: responses(says ? response : Object.create(ServerResponse.prototype)),
  };
}

function inherits(base, object) {
  return Object.prototype.isPrototypeOf.call(base.prototype, object);
}

module.exports = { messages };
