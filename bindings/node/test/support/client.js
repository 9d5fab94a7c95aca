'use strict';
// A client that sends what it is told and shows what it got.

const http = require('node:http');

const { PATIENCE } = require('./hub.js');

/**
 * One request on a connection of its own.
 *
 * @param {number} port
 * @param {{ method?: string, target?: string, headers?: string[][], body?: string | Buffer }} [ask]
 */
function fetch(port, { method = 'GET', target = '/', headers = [], body } = {}) {
  return new Promise((resolve, reject) => {
    const flat = [...headers];
    const has = (name) => flat.some(([found]) => found.toLowerCase() === name);
    if (!has('host')) flat.unshift(['Host', 'site.example']);
    const chunked = has('transfer-encoding');
    if (body !== undefined && !chunked) {
      flat.push(['Content-Length', String(Buffer.byteLength(body))]);
    }
    const request = http.request({
      host: '127.0.0.1',
      port,
      method,
      path: target,
      headers: flat.flat(),
      setHost: false,
      agent: false,
      timeout: PATIENCE,
    });
    request.on('error', (error) => {
      reject(new Error(`${method} ${target}: ${error.message}`, { cause: error }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${target}`)));
    request.on('response', (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => resolve(new Answer(response, Buffer.concat(pieces))));
    });
    if (chunked && body !== undefined) {
      const bytes = Buffer.from(body);
      const third = Math.max(1, Math.ceil(bytes.length / 3));
      for (let at = 0; at < bytes.length; at += third)
        request.write(bytes.subarray(at, at + third));
    } else if (body !== undefined) {
      request.write(body);
    }
    request.end();
  });
}

class Answer {
  constructor(response, body) {
    this.status = response.statusCode;
    this.body = body;
    this.headers = [];
    for (let i = 0; i < response.rawHeaders.length; i += 2) {
      this.headers.push([response.rawHeaders[i].toLowerCase(), response.rawHeaders[i + 1]]);
    }
  }

  /** The first value of a header. */
  header(name) {
    return this.headers.find(([found]) => found === name)?.[1];
  }

  get text() {
    return this.body.toString();
  }

  get json() {
    return JSON.parse(this.text);
  }
}

module.exports = { Answer, fetch };
