'use strict';
// Goal: what a listener may rely on beyond what node:http shows in a quiet hour: clients, hubs
// and listeners that go away, streams of any length, and an end that leaves nothing behind.

const assert = require('node:assert/strict');
const http = require('node:http');
const http2 = require('node:http2');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { after, before } = require('node:test');
const { configureLog, serve } = require('slotway');

const { fetch } = require('./support/client.js');
const { Hub, PATIENCE, eventually } = require('./support/hub.js');
const { test } = require('./support/limited.js');
const { slotway } = require('./support/process.js');

let hub;
const logged = [];

before(async () => {
  const write = (text, error) => logged.push([text, error]);
  const logger = { debug() {}, info() {}, warn: write, error: write };
  configureLog({ level: 'warn', logger });
  hub = await new Hub().start();
});

after(() => hub?.remove());

/** Serves a listener at one path of its own for as long as a test takes. */
async function serving(t, name, listener, options = {}) {
  const routes = [`/${name}`, `/${name}/{*rest}`];
  const server = await serve(listener, {
    name,
    routes,
    hub: hub.control,
    signals: false,
    drainDeadline: 5,
    ...options,
  });
  t.after(() => server.close());
  return server;
}

/** A connection on which a request was begun. */
function raw(text) {
  const socket = net.connect(hub.port, '127.0.0.1');
  socket.setTimeout(PATIENCE, () => socket.destroy(new Error('nothing moves')));
  socket.on('error', () => {});
  socket.write(text);
  return socket;
}

const head = (method, target, ...rest) =>
  [`${method} ${target} HTTP/1.1`, 'Host: a', ...rest, '', ''].join('\r\n');

/** What a connection has brought until it matches. */
function until(socket, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (pattern.test(text)) resolve(text);
    });
    socket.on('close', () => reject(new Error(`it closed after ${text.slice(0, 300)}`)));
  });
}

test('a listener that throws is answered for with 500, and the stack is in the log alone', async (t) => {
  await serving(t, 'throws', () => {
    throw new RangeError('secret');
  });
  const found = await fetch(hub.port, { target: '/throws?x' });
  assert.equal(found.status, 500);
  assert.equal(found.header('content-type'), 'application/problem+json');
  assert.equal(found.json.code, 'handler_failed');
  assert.ok(!found.text.includes('secret'));
  const [text, error] = logged.at(-1);
  assert.match(text, /GET \/throws\?x: the application failed/);
  assert.equal(error.message, 'secret');
});

test('a rejected promise is answered for too', async (t) => {
  await serving(t, 'rejects', async () => {
    await null;
    throw new Error('later');
  });
  assert.equal((await fetch(hub.port, { target: '/rejects' })).json.code, 'handler_failed');
});

test('one that throws after it began breaks its answer off', async (t) => {
  await serving(t, 'breaks', async (req, res) => {
    res.write('some');
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw new Error('midway');
  });
  await assert.rejects(fetch(hub.port, { target: '/breaks' }), /aborted|hang up/);
});

test('one that throws after its answer is told of in the log, and the client has the answer', async (t) => {
  await serving(t, 'after', (req, res) => {
    res.end('whole');
    throw new Error('too late');
  });
  assert.equal((await fetch(hub.port, { target: '/after' })).text, 'whole');
  assert.match(logged.at(-1)[0], /GET \/after: the application failed after its answer/);
});

test('what cannot be an answer is one with 502, and the response closes', async (t) => {
  let closed;
  await serving(t, 'cannot', (req, res) => {
    closed = once(res, 'close');
    res.on('finish', () => assert.fail('it did not finish'));
    if (req.url === '/cannot/length') res.setHeader('Content-Length', 3);
    else res.statusCode = 700;
    res.end('longer');
  });
  for (const target of ['/cannot/length', '/cannot/status']) {
    const found = await fetch(hub.port, { target });
    assert.equal(found.status, 502, found.text);
    assert.equal(found.json.code, 'bad_answer');
    assert.match(logged.at(-1)[0], /the answer cannot be sent/);
    await closed;
  }
});

test('a client that leaves is heard of: aborted, close, and the error of a read', async (t) => {
  const heard = [];
  const done = new Promise((resolve) => {
    serving(t, 'leaves', (req, res) => {
      for (const name of ['aborted', 'close']) {
        req.on(name, () => heard.push(`req ${name} ${req.aborted} ${req.destroyed}`));
      }
      req.on('error', (error) => heard.push(`req error ${error.code}`));
      req.socket.on('close', () => {
        heard.push('socket close');
        setImmediate(resolve);
      });
      res.on('close', () => heard.push(`res close ${res.destroyed} ${res.writableFinished}`));
      res.on('finish', () => heard.push('res finish'));
      res.write('begun');
    }).then(async () => {
      const socket = raw(head('GET', '/leaves'));
      await until(socket, /begun/);
      socket.destroy();
    });
  });
  await done;
  assert.deepEqual(heard.sort(), [
    'req aborted true true',
    'req close true true',
    'req error ECONNRESET',
    'res close true false',
    'socket close',
  ]);
});

test('a client that leaves before the answer began is heard of as well', async (t) => {
  let asked;
  const gone = new Promise((resolve) => {
    asked = serving(t, 'impatient', (req, res) => {
      res.on('close', () => resolve(res.write('to nobody')));
      socket.destroy();
    });
  });
  await asked;
  const socket = raw(head('GET', '/impatient'));
  assert.equal(await gone, false);
});

test('a request that breaks off midway ends its stream with an error', async (t) => {
  let socket;
  const failed = new Promise((resolve) => {
    serving(t, 'midway', async (req) => {
      try {
        // The client leaves when a part of its body has come.
        for await (const piece of req) socket.destroy(piece.length > 0 ? undefined : new Error());
        resolve('it came to an end');
      } catch (error) {
        resolve(error.code);
      }
    }).then(() => {
      socket = raw(head('POST', '/midway', 'Content-Length: 1000000') + 'x'.repeat(100_000));
    });
  });
  assert.equal(await failed, 'ECONNRESET');
});

test('a body that was put aside when the answer went does not pass for whole', async (t) => {
  const ended = new Promise((resolve) => {
    serving(t, 'aside', (req, res) => {
      req.once('data', () => {
        req.pause();
        res.end('answered');
        res.on('close', () => req.resume());
      });
      req.on('end', () => resolve('end'));
      req.on('error', (error) => resolve(error.kind));
    }).then(() => {
      const socket = raw(`${head('POST', '/aside', 'Content-Length: 1000000')}${'x'.repeat(200_000)}`);
      t.after(() => socket.destroy());
    });
  });
  assert.equal(await ended, 'already_answered');
});

test('what a listener for data throws is the process\'s affair, and nobody else\'s', async (t) => {
  const server = slotway(hub, 'throwing_site.js', ['--name', 'data', '--route', '/data']);
  t.after(() => server.remove());
  await server.waitLine(/serving as/);
  const request = head('POST', '/data', 'Content-Length: 200000');
  const sockets = Array.from({ length: 20 }, (_, i) => [raw(request), i]);
  t.after(() => sockets.forEach(([socket]) => socket.destroy()));
  await server.waitLine(/waiting/, 20);
  const good = sockets.filter(([, i]) => i % 2 === 0);
  const answers = good.map(([socket]) => until(socket, /200000$/));
  for (const [socket, i] of sockets) socket.write((i % 2 ? 'x' : '.').repeat(200_000));
  await Promise.all(answers);
  await server.waitLine(/uncaught: told x/, 10);
  assert.equal(await server.terminate('SIGKILL'), 'SIGKILL');
});

test('res.destroy and req.destroy break off', async (t) => {
  await serving(t, 'destroys', (req, res) => {
    if (req.url.endsWith('res')) res.destroy();
    else if (req.url.endsWith('req')) req.destroy();
    else req.socket.destroy();
  });
  for (const which of ['res', 'req', 'socket']) {
    const found = await fetch(hub.port, { target: `/destroys/${which}` });
    assert.equal(found.status, 502, which);
  }
});

test('an error that was given to res.destroy is that of the socket', async (t) => {
  const errors = [];
  await serving(t, 'given', (req, res) => {
    req.socket.on('error', (error) => errors.push(error.message));
    res.destroy(new Error('mine'));
    errors.push(res.errored.message);
  });
  await fetch(hub.port, { target: '/given' });
  assert.deepEqual(errors, ['mine', 'mine']);
});

test('setTimeout tells of standing still, and ends what nobody looks after', async (t) => {
  const heard = [];
  await serving(t, 'idle', (req, res) => {
    if (req.url.endsWith('heard')) {
      res.setTimeout(20, () => {
        heard.push('res');
        res.end('timely');
      });
    } else {
      req.setTimeout(20);
    }
  });
  assert.equal((await fetch(hub.port, { target: '/idle/heard' })).text, 'timely');
  assert.deepEqual(heard, ['res']);
  assert.equal((await fetch(hub.port, { target: '/idle/nobody' })).status, 502);
});

const PIECE = Buffer.alloc(64 * 1024, 'a piece of a body that is long');
const PIECES = 1600;

test('100 MB to a client that is slow at first are held in bounds', async (t) => {
  let most = 0;
  let waits = 0;
  let left = PIECES;
  await serving(t, 'down', (req, res) => {
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
  const socket = raw(head('GET', '/down', 'Connection: close'));
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
  await serving(t, 'up', async (req, res) => {
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
  await serving(t, 'echo', (req, res) => {
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
  await serving(t, 'crowd', (req, res) => {
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

test('a hub that is killed ends what is in hand, and the next one is served', async (t) => {
  const other = await new Hub().start();
  t.after(() => other.remove());
  let closed;
  const server = await serve(
    (req, res) => {
      if (req.url === '/hang') closed = once(res, 'close');
      else res.end('here');
    },
    { hub: other.control, signals: false, name: 'survivor' },
  );
  t.after(() => server.close());
  const lost = assert.rejects(fetch(other.port, { target: '/hang' }));
  await eventually(() => closed !== undefined, 'the request');
  await other.end('SIGKILL');
  await lost;
  await closed;
  await other.start();
  await eventually(
    async () => (await fetch(other.port).catch(() => null))?.text === 'here',
    'that it serves again',
  );
});

test('a shutdown waits for what is in hand, and then nothing is left of it', async (t) => {
  let finish;
  const server = await serving(t, 'ends', (req, res) => {
    finish = () => res.end('finished');
  });
  const asking = fetch(hub.port, { target: '/ends' });
  await eventually(() => finish, 'the request');
  const ended = server.shutdown();
  finish();
  assert.equal((await asking).text, 'finished');
  await ended;
});

test('HTTP/2 to the hub is HTTP/1.1 to a listener', async (t) => {
  await serving(t, 'two', (req, res) => {
    let length = 0;
    req.on('data', (piece) => (length += piece.length));
    req.on('end', () => {
      res.setHeader('Connection', 'keep-alive');
      res.end(`${req.httpVersion} ${req.headers.host} ${req.headers['transfer-encoding']} ${length}`);
    });
  });
  const client = http2.connect(`http://127.0.0.1:${hub.port}`);
  t.after(() => client.close());
  const stream = client.request({ ':path': '/two', ':method': 'POST' });
  stream.end('four');
  let text = '';
  for await (const piece of stream.setEncoding('utf8')) text += piece;
  assert.equal(text, `1.1 127.0.0.1:${hub.port} chunked 4`);
});

test('what is no listener is refused with a hint', async () => {
  await assert.rejects(serve(7), /a function of a request and a response, not number/);
  await assert.rejects(serve({ callback() {} }), /app\.callback\(\)/);
  await assert.rejects(serve({ routing() {}, ready() {} }), /app\.routing/);
  await assert.rejects(serve(() => {}, { prot: 1 }), /there is no option prot/);
});

test("node's own messages still have what is relied on", () => {
  const lib = path.join(path.dirname(require.resolve('slotway/package.json')), 'lib');
  const { kNeedDrain, kOutHeaders } = require(path.join(lib, 'http/symbols.js'));
  const response = new http.ServerResponse({ method: 'GET', httpVersionMajor: 1 });
  assert.equal(response[kNeedDrain], false);
  response.setHeader('X-A', '1');
  assert.deepEqual(Object.entries(response[kOutHeaders]), [['x-a', ['X-A', '1']]]);
});
