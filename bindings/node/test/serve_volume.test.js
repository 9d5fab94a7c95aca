'use strict';
// Goal: bodies of any length flow both ways in bounded memory, and thousands of requests at a
// time get each its own answer.

const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { after, before } = require('node:test');

const { Hub, eventually } = require('./support/hub.js');
const { test } = require('./support/limited.js');
const { head, raw, serving } = require('./support/serving.js');

let hub;

before(async () => {
  hub = await new Hub().start();
});

after(() => hub?.remove());

const PIECE = Buffer.alloc(64 * 1024, 'a piece of a body that is long');
const PIECES = 1600;

test('100 MB to a client that is slow at first are held in bounds', async (t) => {
  let most = 0;
  let waits = 0;
  let left = PIECES;
  await serving(hub, t, 'down', (req, res) => {
    const write = () => {
      while (left > 0) {
        left -= 1;
        most = Math.max(most, res.writableLength);
        if (!res.write(PIECE)) {
          waits += 1;
          res.once('drain', write);
          return;
        }
      }
      res.end();
    };
    write();
  });
  const socket = raw(hub, head('GET', '/down', 'Connection: close'));
  let length = 0;
  socket.on('data', (data) => (length += data.length));
  socket.pause();
  // It stands still until the hub's spool, the slot and the sockets are full.
  await eventually(() => waits > 0, 'that the listener waits');
  const before = left;
  assert.ok(before > 0, 'it did not run ahead of its client');
  socket.resume();
  await once(socket, 'close');
  assert.ok(length > PIECES * PIECE.length, `${length} bytes`);
  assert.ok(most <= 2 * PIECE.length, `${most} bytes waited in the response`);
});

test('100 MB from a client come whole, and no faster than they are read', async (t) => {
  let most = 0;
  await serving(hub, t, 'up', async (req, res) => {
    let length = 0;
    for await (const piece of req) {
      length += piece.length;
      most = Math.max(most, req.readableLength);
      if (length % (16 * PIECE.length) === 0) await new Promise(setImmediate);
    }
    res.end(String(length));
  });
  const request = http.request({ port: hub.port, path: '/up', method: 'POST', agent: false });
  const response = once(request, 'response');
  await pipeline(Readable.from(Array.from({ length: PIECES }, () => PIECE)), request);
  const [message] = await response;
  const [body] = await once(message, 'data');
  assert.equal(body.toString(), String(PIECES * PIECE.length));
  assert.ok(most <= 256 * 1024, `${most} bytes waited in the request`);
});

test('a body goes up and down at once', async (t) => {
  await serving(hub, t, 'echo', (req, res) => {
    pipeline(req, res).catch(() => {});
  });
  const request = http.request({ port: hub.port, path: '/echo', method: 'POST', agent: false });
  const response = once(request, 'response');
  const sent = pipeline(Readable.from(Array.from({ length: 320 }, () => PIECE)), request);
  const [message] = await response;
  let length = 0;
  for await (const piece of message) length += piece.length;
  await sent;
  assert.equal(length, 320 * PIECE.length);
});

test('thousands at a time are answered, each with its own', async (t) => {
  let most = 0;
  const waiting = [];
  await serving(hub, t, 'crowd', (req, res) => {
    waiting.push([req, res]);
    most = Math.max(most, waiting.length);
    setImmediate(() => {
      for (const [asked, answer] of waiting.splice(0)) answer.end(asked.url);
    });
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 400 });
  t.after(() => agent.destroy());
  const ask = (i) =>
    new Promise((resolve, reject) => {
      const target = `/crowd/${i}?${'x'.repeat(i % 50)}`;
      http
        .get({ port: hub.port, path: target, agent }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (data) => (text += data));
          response.on('end', () => resolve(text === target));
        })
        .on('error', reject);
    });
  const found = await Promise.all(Array.from({ length: 3000 }, (_, i) => ask(i)));
  assert.ok(found.every(Boolean));
  assert.ok(most > 1, `${most} at a time`);
});
