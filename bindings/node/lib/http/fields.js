'use strict';

// A response's headers, from what node's ServerResponse has of them to what the hub is told:
// one string with a NUL between any two, `name\0value\0name\0value`.

const { validateHeaderName, validateHeaderValue } = require('node:http');

const { kOutHeaders } = require('./symbols.js');

/**
 * Puts a response's headers into a connection's `text` and `count`. What is about one hop is the
 * hub's to write and is left out.
 *
 * @param {import('./connection.js')} connection
 * @param {import('node:http').ServerResponse} response
 * @param {any} headers as `_storeHeader` gets them.
 */
function collect(connection, response, headers) {
  if (!headers) return;
  if (headers === response[kOutHeaders]) {
    for (const key in headers) {
      // `setHeader` has judged them.
      add(connection, key, headers[key][1]);
    }
  } else if (!Array.isArray(headers)) {
    for (const name of Object.keys(headers)) judge(connection, name, headers[name]);
  } else if (Array.isArray(headers[0])) {
    for (const [name, value] of headers) judge(connection, name, value);
  } else {
    if (headers.length % 2 !== 0) throw unpaired(headers);
    for (let i = 0; i < headers.length; i += 2) judge(connection, headers[i], headers[i + 1]);
  }
}

function judge(connection, name, value) {
  validateHeaderName(name);
  if (Array.isArray(value)) {
    for (const one of value) validateHeaderValue(name, one);
  } else {
    validateHeaderValue(name, value);
  }
  add(connection, name.toLowerCase(), value);
}

function add(connection, key, value) {
  switch (key) {
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'trailer':
    case 'transfer-encoding':
    case 'upgrade':
      return;
    case 'content-length':
      connection.statesLength = true;
      break;
    default:
  }
  if (!Array.isArray(value)) {
    append(connection, key, value);
  } else if (key === 'cookie') {
    append(connection, key, value.join('; '));
  } else {
    for (const one of value) append(connection, key, one);
  }
}

function append(connection, key, value) {
  connection.text += connection.count === 0 ? `${key}\0${value}` : `\0${key}\0${value}`;
  connection.count += 1;
}

/** As node puts it. */
function unpaired(headers) {
  const error = new TypeError(
    `The argument 'headers' is invalid: it has ${headers.length} elements, so a name has no value`,
  );
  error.code = 'ERR_INVALID_ARG_VALUE';
  return error;
}

/**
 * Node sends the head in one string with the body's first piece if that is text, and so both
 * as UTF-8; with any other body the head goes as ISO 8859-1. Applications rely on either.
 *
 * @param {string} text
 * @returns {string} whose ISO 8859-1 is the UTF-8 of what was given.
 */
function asUtf8(text) {
  return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'utf8').latin1Slice() : text;
}

module.exports = { asUtf8, collect };
