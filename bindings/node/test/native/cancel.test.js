'use strict';
// Clients that go away, deadlines that pass, handlers that never answer.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { Readable } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');
const { test } = require('node:test');

const { eventually, listening, serving } = require('./support.js');

const DEADLINE = ['--request-timeout=1s'];
const seen = [];

const found = serving(
  (worker) => {
    worker
      .get('/never', (req) => {
        seen.push(req);
      })
      .get('/waits/{what}', async (req) => {
        seen.push(req);
        await sleep(60_000, undefined, { signal: req.signal });
      })
      .get('/deaf/{what}', async (req, reply) => {
        seen.push(req);
        await new Promise((resolve) => req.signal.addEventListener('abort', resolve));
        // It has not heard, and goes on as if nothing had happened.
        await sleep(1);
        const said = {
          path: req.path,
          what: req.params.what,
          agent: req.headers.get('user-agent'),
        };
        seen.push(said);
        return said;
      })
      .get('/endless', async function* () {
        try {
          for (;;) yield Buffer.alloc(10_000);
        } finally {
          seen.push('the end of the generator');
        }
      })
      .get('/silent-stream', () => {
        const silent = new Readable({ read() {} });
        silent.on('close', () => seen.push('the end of the stream'));
        silent.push('begun');
        return silent;
      })
      .fetch('/fetch', async (request) => {
        seen.push(request);
        await sleep(60_000, undefined, { signal: request.signal });
      })
      .get('/in-hand', () => found.running.core.inHand());
  },
  { hub: DEADLINE, slots: 512 },
);

/** Begins a request, and waits until its handler has it. */
async function begin(target) {
  const before = seen.length;
  const socket = net.connect(found.hub.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`GET ${target} HTTP/1.1\r\nhost: a\r\nuser-agent: who\r\n\r\n`);
  return { socket, request: await eventually(() => seen[before], `the handler of ${target}`) };
}

/** All slots but that of the question are given back. */
async function allGivenBack() {
  await eventually(async () => (await found.ask('/in-hand')).text === '1', 'the slots');
}

test('who goes away aborts the signal, and the slot goes back', async () => {
  const errors = listening('error');
  const { socket, request } = await begin('/waits/a');
  const aborted = once(request.signal, 'abort');
  assert.equal(request.cancelled, false);
  socket.destroy();
  await aborted;
  assert.equal(request.cancelled, true);
  await allGivenBack();
  assert.deepEqual(errors(), []);
});

test('the same in the form of the web', async () => {
  const errors = listening('error');
  const { socket, request } = await begin('/fetch');
  const aborted = once(request.signal, 'abort');
  socket.destroy();
  await aborted;
  await allGivenBack();
  assert.deepEqual(errors(), []);
});

test('one that never answers: 504 for the client, and the slot goes back', async () => {
  const before = seen.length;
  const answer = await found.ask('/never');
  assert.equal(answer.status, 504);
  const request = seen[before];
  await eventually(() => request.cancelled, 'the notice');
  assert.equal(request.signal.aborted, true);
  assert.equal(request.path, '/never');
  await allGivenBack();
});

test('one that does not hear can go on, to no avail', async () => {
  const errors = listening('error');
  const { socket } = await begin('/deaf/b');
  socket.destroy();
  const said = await eventually(() => seen.find((one) => one.what === 'b'), 'its end');
  assert.deepEqual(said, { path: '/deaf/b', what: 'b', agent: 'who' });
  await allGivenBack();
  assert.deepEqual(errors(), []);
});

test('what an answer is made of ends with its client', async () => {
  for (const [target, end] of [
    ['/endless', 'the end of the generator'],
    ['/silent-stream', 'the end of the stream'],
  ]) {
    const socket = net.connect(found.hub.port, '127.0.0.1');
    socket.write(`GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`);
    await once(socket, 'data');
    socket.destroy();
    await eventually(() => seen.includes(end), end);
  }
  await allGivenBack();
});

test('hundreds of them at once', async () => {
  const errors = listening('error');
  const all = await Promise.all(Array.from({ length: 200 }, (_, i) => begin(`/waits/${i}`)));
  for (const { socket } of all) socket.destroy();
  await allGivenBack();
  assert.deepEqual(errors(), []);
});
