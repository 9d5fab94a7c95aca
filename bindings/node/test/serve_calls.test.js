'use strict';
// Goal: an answer that fits is one call to the hub's side, however an application gives it, and
// applications of Express get messages that need no other prototype.

const assert = require('node:assert/strict');
const http = require('node:http');
const path = require('node:path');

const { test } = require('./support/limited.js');

const lib = path.join(path.dirname(require.resolve('slotway/package.json')), 'lib');
const { Exchange } = require(path.join(lib, 'exchange.js'));
const { messages } = require(path.join(lib, 'http', 'messages.js'));
const { handle } = require(path.join(lib, 'serve.js'));

/** The calls that change something, and what an answer was made of. */
function coreOf(method) {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'];
  const calls = [];
  const note =
    (name, result) =>
    (number, ...given) => {
      calls.push([name, ...given]);
      return result;
    };
  return {
    calls,
    head(number, into) {
      into.set([methods.indexOf(method), 1, 11, 0]);
      return '/';
    },
    atEnd: () => true,
    open: () => true,
    peer: () => undefined,
    respond: note('respond', true),
    start: note('start'),
    write: (number, bytes, from) => {
      calls.push(['write', bytes.subarray(from).toString()]);
      return bytes.length - from;
    },
    flush: note('flush'),
    finish: note('finish'),
    abort: note('abort'),
  };
}

/** What calls a listener's answer to a request takes. */
async function callsOf(listener, method = 'GET', other = {}) {
  const core = { ...coreOf(method), ...other };
  const server = { listener, ...messages(listener) };
  handle(server, new Exchange(core, 1, { waiting: new Map() }));
  await new Promise(setImmediate);
  return core.calls;
}

const names = (calls) => calls.map(([name]) => name);

test('answers that fit are one call', async () => {
  const listeners = [
    (req, res) => res.end(),
    (req, res) => res.end('text'),
    (req, res) => res.end(Buffer.from('bytes')),
    (req, res) => res.writeHead(200, { 'X-A': '1' }).end('text'),
    (req, res) => {
      res.write('text');
      res.end();
    },
    (req, res) => {
      res.statusCode = 204;
      res.end();
    },
    async (req, res) => {
      await null;
      res.setHeader('Content-Length', 4);
      res.end('text', 'latin1', () => {});
    },
  ];
  for (const listener of listeners) {
    assert.deepEqual(names(await callsOf(listener)), ['respond'], String(listener));
  }
});

test('headers are names in lower case and values as they were given', async () => {
  const [[, status, count, text, body]] = await callsOf((req, res) => {
    res.setHeader('X-Kept', 'As It Is');
    res.setHeader('Connection', 'close');
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    res.end('text');
  });
  assert.equal(status, 200);
  assert.equal(count, 3);
  assert.equal(text, 'x-kept\0As It Is\0set-cookie\0a=1\0set-cookie\0b=2');
  assert.equal(body, 'text');
});

test('what is written in several pieces at a time goes on its way at once', async () => {
  const calls = await callsOf((req, res) => {
    res.write('one');
    res.write('two');
    res.end('three');
  });
  assert.deepEqual(names(calls), ['start', 'write', 'write', 'write', 'finish']);
});

test('an answer to HEAD without a length states none', async () => {
  const calls = await callsOf((req, res) => res.end('text'), 'HEAD');
  assert.deepEqual(names(calls), ['start', 'finish']);
});

test('a request whose body is broken off before anybody looks is handed over all the same', async () => {
  const atEnd = () => {
    throw new Error('broken off');
  };
  const calls = await callsOf((req, res) => res.end(req.headers['transfer-encoding']), 'POST', {
    atEnd,
  });
  assert.deepEqual([names(calls), calls[0].at(-1)], [['respond'], 'chunked']);
});

test('a read that waits when the answer goes is not for ever', async () => {
  const head = 'content-length';
  let pieces = 0;
  const core = {
    head(number, into) {
      into.set([1, 1, 11, 1, -head.length, 2]);
      return `/${head}10`;
    },
    // A half, and then nothing for now.
    read: (number, into, from) => (pieces++ === 0 ? into.fill('x', from, from + 5) && 5 : -1),
  };
  const ended = new Promise((resolve) => {
    const listener = (req, res) => {
      req.once('data', () => {
        req.pause();
        setImmediate(() => res.end('answered'));
      });
      res.on('close', () => req.resume());
      req.on('end', () => resolve('end'));
      req.on('error', (error) => resolve(error.kind));
    };
    callsOf(listener, 'POST', core);
  });
  assert.equal(await ended, 'already_answered');
  assert.ok(pieces > 1, 'a read waited');
});

test('facts about the client are told after the answer to who has listened for it', async () => {
  const peer = () => '::1 4711';
  const told = [];
  const tell = ({ socket }) => {
    told.push([socket.remoteAddress, socket.remotePort, socket.remoteFamily]);
  };
  await callsOf((req, res) => res.on('finish', () => tell(req)).end(), 'GET', { peer });
  await callsOf((req, res) => tell(req, res.end()), 'GET', { peer });
  assert.deepEqual(told, [
    ['::1', 4711, 'IPv6'],
    [undefined, undefined, undefined],
  ]);
});

test('a client that came by TLS is told by the hub alone', async () => {
  const [name, value] = ['x-forwarded-proto', 'https'];
  const head = (number, into) => {
    into.set([0, 1, 11, 1, -name.length, value.length]);
    return `/${name}${value}`;
  };
  const calls = await callsOf((req, res) => res.end(String(req.socket.encrypted)), 'GET', { head });
  assert.equal(calls[0].at(-1), 'true');
});

test('flushHeaders sends the head', async () => {
  assert.deepEqual(names(await callsOf((req, res) => res.flushHeaders())), ['start', 'flush']);
});

test('applications of Express get messages that are theirs from their birth', async () => {
  const app = require('express')();
  const { setPrototypeOf } = Object;
  const given = [];
  app.get('/', (req, res) => res.send('text'));
  Object.setPrototypeOf = (object, prototype) => {
    given.push(Object.getPrototypeOf(object) === prototype);
    return setPrototypeOf(object, prototype);
  };
  try {
    assert.deepEqual(names(await callsOf(app)), ['respond']);
  } finally {
    Object.setPrototypeOf = setPrototypeOf;
  }
  assert.deepEqual(given.slice(0, 2), [true, true]);
  // Others get node's own.
  const plain = messages(() => {});
  for (const [Message, base] of [
    [plain.Request, http.IncomingMessage],
    [plain.Response, http.ServerResponse],
  ]) {
    assert.equal(Object.getPrototypeOf(Message.prototype), base.prototype);
  }
});
