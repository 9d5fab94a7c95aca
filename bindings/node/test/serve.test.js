'use strict';
// Goal: what a listener may rely on beyond what node:http shows in a quiet hour: clients, hubs
// and listeners that go away, and an end that leaves nothing behind.

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const http = require('node:http');
const http2 = require('node:http2');
const path = require('node:path');
const { once } = require('node:events');
const { after, before } = require('node:test');
const { configureLog, serve } = require('slotway');

const { fetch } = require('./support/client.js');
const { Hub, eventually } = require('./support/hub.js');
const { test } = require('./support/limited.js');
const { slotway } = require('./support/process.js');
const { head, raw, serving, until } = require('./support/serving.js');

let hub;
const logged = [];

before(async () => {
  const write = (text, error) => logged.push([text, error]);
  const logger = { debug() {}, info() {}, warn: write, error: write };
  configureLog({ level: 'warn', logger });
  hub = await new Hub().start();
});

after(() => hub?.remove());

test('a listener that throws is answered for with 500, and the stack is in the log alone', async (t) => {
  await serving(hub, t, 'throws', () => {
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
  await serving(hub, t, 'rejects', async () => {
    await null;
    throw new Error('later');
  });
  assert.equal((await fetch(hub.port, { target: '/rejects' })).json.code, 'handler_failed');
});

test('one that throws after it began breaks its answer off', async (t) => {
  let fail;
  const seen = new Promise((resolve) => {
    fail = resolve;
  });
  await serving(hub, t, 'breaks', async (req, res) => {
    res.write('some');
    await seen;
    throw new Error('midway');
  });
  const socket = raw(hub, head('GET', '/breaks'));
  await until(socket, /some/);
  const closed = once(socket, 'close');
  let rest = '';
  socket.on('data', (data) => (rest += data));
  fail();
  await closed;
  // The chunk that would end it does not come.
  assert.ok(!rest.includes('0\r\n\r\n'), rest);
});

test('one that throws after its answer is told of in the log, and the client has the answer', async (t) => {
  await serving(hub, t, 'after', (req, res) => {
    res.end('whole');
    throw new Error('too late');
  });
  assert.equal((await fetch(hub.port, { target: '/after' })).text, 'whole');
  assert.match(logged.at(-1)[0], /GET \/after: the application failed after its answer/);
});

test('what cannot be an answer is one with 502, and the response closes', async (t) => {
  let closed;
  await serving(hub, t, 'cannot', (req, res) => {
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
    serving(hub, t, 'leaves', (req, res) => {
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
      const socket = raw(hub, head('GET', '/leaves'));
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
    asked = serving(hub, t, 'impatient', (req, res) => {
      res.on('close', () => resolve(res.write('to nobody')));
      socket.destroy();
    });
  });
  await asked;
  const socket = raw(hub, head('GET', '/impatient'));
  assert.equal(await gone, false);
});

test('a request that breaks off midway ends its stream with an error', async (t) => {
  let socket;
  const failed = new Promise((resolve) => {
    serving(hub, t, 'midway', async (req) => {
      try {
        // The client leaves when a part of its body has come.
        for await (const piece of req) socket.destroy(piece.length > 0 ? undefined : new Error());
        resolve('it came to an end');
      } catch (error) {
        resolve(error.code);
      }
    }).then(() => {
      socket = raw(hub, head('POST', '/midway', 'Content-Length: 1000000') + 'x'.repeat(100_000));
    });
  });
  assert.equal(await failed, 'ECONNRESET');
});

test('a body that was put aside when the answer went does not pass for whole', async (t) => {
  const ended = new Promise((resolve) => {
    serving(hub, t, 'aside', (req, res) => {
      req.once('data', () => {
        req.pause();
        res.end('answered');
        res.on('close', () => req.resume());
      });
      req.on('end', () => resolve('end'));
      req.on('error', (error) => resolve(error.kind));
    }).then(() => {
      const socket = raw(
        hub,
        `${head('POST', '/aside', 'Content-Length: 1000000')}${'x'.repeat(200_000)}`,
      );
      t.after(() => socket.destroy());
    });
  });
  assert.equal(await ended, 'already_answered');
});

test("what a listener for data throws is the process's affair, and nobody else's", async (t) => {
  const server = slotway(hub, 'throwing_site.js', ['--name', 'data', '--route', '/data']);
  t.after(() => server.remove());
  await server.waitLine(/serving as/);
  const request = head('POST', '/data', 'Content-Length: 200000');
  const sockets = Array.from({ length: 20 }, (_, i) => [raw(hub, request), i]);
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
  await serving(hub, t, 'destroys', (req, res) => {
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
  await serving(hub, t, 'given', (req, res) => {
    req.socket.on('error', (error) => errors.push(error.message));
    res.destroy(new Error('mine'));
    errors.push(res.errored.message);
  });
  await fetch(hub.port, { target: '/given' });
  assert.deepEqual(errors, ['mine', 'mine']);
});

test('setTimeout tells of standing still, and ends what nobody looks after', async (t) => {
  const heard = [];
  await serving(hub, t, 'idle', (req, res) => {
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
  const server = await serving(hub, t, 'ends', (req, res) => {
    finish = () => res.end('finished');
  });
  const asking = fetch(hub.port, { target: '/ends' });
  await eventually(() => finish, 'the request');
  const ended = server.shutdown();
  finish();
  assert.equal((await asking).text, 'finished');
  await ended;
});

test('what an AsyncLocalStorage knows is of one request', async (t) => {
  const storage = new AsyncLocalStorage();
  const found = [];
  const entered = (name, url) => {
    if (storage.getStore() !== url) found.push(`${name}: ${storage.getStore()} for ${url}`);
  };
  await serving(hub, t, 'context', (req, res) => {
    const { url } = req;
    entered('begin', undefined);
    storage.enterWith(url);
    res.on('finish', () => entered('finish', url));
    res.on('close', () => entered('close', url));
    req.on('data', () => entered('data', url));
    req.on('end', () => {
      entered('end', url);
      res.end(url);
    });
  });
  const ask = (i) => fetch(hub.port, { method: 'POST', target: `/context/${i}`, body: 'x' });
  const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => ask(i)));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.deepEqual(found, []);
});

test('HTTP/2 to the hub is HTTP/1.1 to a listener', async (t) => {
  await serving(hub, t, 'two', (req, res) => {
    let length = 0;
    req.on('data', (piece) => (length += piece.length));
    req.on('end', () => {
      res.setHeader('Connection', 'keep-alive');
      res.end(
        `${req.httpVersion} ${req.headers.host} ${req.headers['transfer-encoding']} ${length}`,
      );
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
  await assert.rejects(
    serve(() => {}, { prot: 1 }),
    /there is no option prot/,
  );
});

test("node's own messages still have what is relied on", () => {
  const lib = path.join(path.dirname(require.resolve('slotway/package.json')), 'lib');
  const { kNeedDrain, kOutHeaders } = require(path.join(lib, 'http/symbols.js'));
  const response = new http.ServerResponse({ method: 'GET', httpVersionMajor: 1 });
  assert.equal(response[kNeedDrain], false);
  response.setHeader('X-A', '1');
  assert.deepEqual(Object.entries(response[kOutHeaders]), [['x-a', ['X-A', '1']]]);
});
