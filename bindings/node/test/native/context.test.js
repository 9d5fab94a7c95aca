'use strict';
// What an AsyncLocalStorage knows in a handler is of its own request, whoever came in the same
// turn of the loop.

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const net = require('node:net');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { eventually, serving } = require('./support.js');

const storage = new AsyncLocalStorage();
const aborted = new Map();

const found = serving((worker) => {
  worker
    .get('/at-once/{n}', (req) => {
      const before = storage.getStore();
      storage.enterWith(req.params.n);
      return { before: before ?? null, now: storage.getStore() };
    })
    .get('/later/{n}', async (req) => {
      const before = storage.getStore();
      storage.enterWith(req.params.n);
      await sleep(1);
      return { before: before ?? null, now: storage.getStore() };
    })
    .get('/generator/{n}', async function* (req) {
      storage.enterWith(req.params.n);
      yield '[';
      await sleep(1);
      yield `"${storage.getStore()}"]`;
    })
    .get('/returned/{n}', (req) => {
      storage.enterWith(req.params.n);
      return (function* () {
        yield JSON.stringify([storage.getStore()]);
      })();
    })
    .post('/stream/{n}', (req, reply) => {
      storage.enterWith(req.params.n);
      const stores = new Set();
      req
        .stream()
        .on('data', () => stores.add(storage.getStore()))
        .on('end', () => reply.send([...stores, storage.getStore()]));
    })
    .get('/aborted/{n}', (req) => {
      storage.enterWith(req.params.n);
      aborted.set(req.params.n, undefined);
      req.signal.onabort = () => aborted.set(req.params.n, storage.getStore());
    });
});

for (const way of ['at-once', 'later']) {
  test(way, async () => {
    const asked = Array.from({ length: 100 }, (_, n) => found.ask(`/${way}/${n}`));
    for (const [n, answer] of (await Promise.all(asked)).entries()) {
      assert.deepEqual(answer.json, { before: null, now: String(n) });
    }
  });
}

test('where an answer is made', async () => {
  for (const way of ['generator', 'returned']) {
    const asked = ['1', '2', '3'].map((n) => found.ask(`/${way}/${n}`));
    const told = (await Promise.all(asked)).map((answer) => answer.json);
    assert.deepEqual(told, [['1'], ['2'], ['3']], way);
  }
});

test('what a stream tells', async () => {
  const body = Buffer.alloc(500_000);
  const asked = ['a', 'b', 'c'].map((n) => found.ask(`/stream/${n}`, { method: 'POST', body }));
  for (const [i, answer] of (await Promise.all(asked)).entries()) {
    assert.deepEqual(answer.json, ['abc'[i], 'abc'[i]]);
  }
});

test('what a signal tells', async () => {
  const sockets = ['x', 'y'].map((n) => {
    const socket = net.connect(found.hub.port, '127.0.0.1');
    socket.write(`GET /aborted/${n} HTTP/1.1\r\nhost: a\r\n\r\n`);
    return socket;
  });
  await eventually(() => aborted.size === 2, 'both handlers');
  for (const socket of sockets) socket.destroy();
  await eventually(() => aborted.get('x') && aborted.get('y'), 'the signals');
  assert.deepEqual([aborted.get('x'), aborted.get('y')], ['x', 'y']);
});
