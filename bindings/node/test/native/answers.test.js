'use strict';
// What handlers give back, and what they say through their reply.

const assert = require('node:assert/strict');
const { Readable } = require('node:stream');
const { describe, test } = require('node:test');

const { SlotwayError, Worker } = require('slotway');
const { listening, serving } = require('./support.js');

const BAD = new Error('a secret of the handler');

const found = serving((worker) => {
  worker
    .get('/text', () => 'grüße')
    .get('/bytes', () => Buffer.from([0, 1, 255]))
    .get('/view', () => new Uint16Array([1, 2]))
    .get('/buffer', () => new Uint8Array([1, 2]).buffer)
    .get('/object', () => ({ a: [1, 'ü'], b: null }))
    .get('/array', async () => [1, 2])
    .get('/number', () => 7)
    .get('/boolean', () => false)
    .get('/null', () => null)
    .get('/empty', () => '')
    .get('/generator', function* () {
      yield 'a';
      yield Buffer.from('b');
    })
    .get('/async-generator', async function* () {
      yield 'a';
      await new Promise(setImmediate);
      yield new Uint8Array([98]);
    })
    .get('/readable', () => Readable.from([Buffer.from('a'), Buffer.from('b')]))
    .get('/web-stream', () => new Blob(['ab']).stream())
    .get('/blob', () => new Blob(['a', 'b'], { type: 'text/csv' }))
    .get('/large', () => 'x'.repeat(1 << 20))
    .get('/large-bytes', async () => Buffer.alloc(300_000, 'y'))
    .get('/response', () =>
      Response.json(
        { web: true },
        {
          status: 201,
          headers: [
            ['set-cookie', 'a=1'],
            ['set-cookie', 'b=2'],
          ],
        },
      ),
    )
    .get('/response-none', () => new Response(null, { status: 204 }))
    .get('/response-large', () => new Response('z'.repeat(1 << 20)))
    .get('/status', (req, reply) => {
      reply.status(418);
      return { pot: 'tea' };
    })
    .get('/headers', (req, reply) => {
      reply
        .header('X-One', 'gone')
        .header('x-one', 'kept')
        .append('set-cookie', ['a=1', 'b=2'])
        .append('x-number', 7);
      reply.header('x-latin', 'é').type('text/html');
      return '<p>';
    })
    .get('/later', (req, reply) => {
      setTimeout(() => reply.status(202).send('late'), 1);
    })
    .get('/later-promised', async (req, reply) => {
      setTimeout(() => reply.send('late'), 1);
      return reply;
    })
    .get('/in-pieces', async (req, reply) => {
      reply.type('text/plain').flush();
      for (const piece of ['a', 'b']) await reply.write(piece);
      await reply.end('c');
    })
    .get('/unawaited', (req, reply) => {
      for (let i = 0; i < 100; i++) reply.write(Buffer.alloc(10_000, i));
      reply.end();
    })
    .get('/declared', async (req, reply) => {
      await reply.header('content-length', 3).write('abc');
      await reply.end();
    })
    .get('/throws', () => {
      throw BAD;
    })
    .get('/rejects', async () => {
      throw BAD;
    })
    .get('/throws-nothing', () => {
      throw undefined;
    })
    .get('/nothing', async () => {})
    .get('/symbol', () => Symbol('no answer'))
    .get('/circle', () => {
      const circle = {};
      circle.circle = circle;
      return circle;
    })
    .get('/bad-header', (req, reply) => {
      reply.header(req.query.get('name'), req.query.get('value'));
      return 'never';
    })
    .get('/bad-status', (req, reply) => {
      reply.status(Number(req.query.get('status')));
      return 'never';
    })
    .get('/bad-piece', function* () {
      yield 'a';
      yield 7;
    })
    .get('/bad-source', async function* () {
      yield 'a';
      throw BAD;
    })
    .get('/short', async (req, reply) => {
      await reply.header('content-length', 3).write('ab');
      await reply.end();
    })
    .get('/twice', (req, reply) => {
      reply.send('one');
      reply.send('two');
    })
    .get('/twice-returned', (req, reply) => {
      reply.send('one');
      return 'two';
    })
    .get('/made-good', (req, reply) => {
      try {
        reply.header('x-bad', 'a\nb').send('never');
      } catch (error) {
        reply.header('x-bad', error.kind).send('good');
      }
    })
    .head('/text', () => 'only its length');
});

describe('values', () => {
  const cases = [
    ['/text', 200, 'text/plain; charset=utf-8', 'grüße'],
    ['/bytes', 200, 'application/octet-stream', Buffer.from([0, 1, 255])],
    ['/view', 200, 'application/octet-stream', Buffer.from(new Uint16Array([1, 2]).buffer)],
    ['/buffer', 200, 'application/octet-stream', Buffer.from([1, 2])],
    ['/object', 200, 'application/json', '{"a":[1,"ü"],"b":null}'],
    ['/array', 200, 'application/json', '[1,2]'],
    ['/number', 200, 'application/json', '7'],
    ['/boolean', 200, 'application/json', 'false'],
    ['/null', 204, undefined, ''],
    ['/empty', 200, 'text/plain; charset=utf-8', ''],
    ['/generator', 200, 'application/octet-stream', 'ab'],
    ['/async-generator', 200, 'application/octet-stream', 'ab'],
    ['/readable', 200, 'application/octet-stream', 'ab'],
    ['/web-stream', 200, 'application/octet-stream', 'ab'],
    ['/blob', 200, 'text/csv', 'ab'],
    ['/large', 200, 'text/plain; charset=utf-8', 'x'.repeat(1 << 20)],
    ['/large-bytes', 200, 'application/octet-stream', 'y'.repeat(300_000)],
    ['/response', 201, 'application/json', '{"web":true}'],
    ['/response-none', 204, undefined, ''],
    ['/response-large', 200, 'text/plain;charset=UTF-8', 'z'.repeat(1 << 20)],
    ['/status', 418, 'application/json', '{"pot":"tea"}'],
    ['/later', 202, 'text/plain; charset=utf-8', 'late'],
    ['/later-promised', 200, 'text/plain; charset=utf-8', 'late'],
    ['/in-pieces', 200, 'text/plain', 'abc'],
    ['/declared', 200, undefined, 'abc'],
  ];
  for (const [target, status, type, body] of cases) {
    test(target, async () => {
      const answer = await found.ask(target);
      assert.equal(answer.status, status);
      assert.equal(answer.header('content-type'), type);
      assert.deepEqual(answer.body, Buffer.from(body));
    });
  }
});

test('a length is stated where it is known', async () => {
  assert.equal((await found.ask('/large')).header('content-length'), String(1 << 20));
  assert.equal((await found.ask('/response')).header('content-length'), '12');
  assert.equal((await found.ask('/blob')).header('content-length'), '2');
  assert.equal((await found.ask('/declared')).header('content-length'), '3');
  assert.equal((await found.ask('/text', { method: 'HEAD' })).header('content-length'), '15');
});

test('headers: set, added, repeated, in ISO 8859-1', async () => {
  const answer = await found.ask('/headers');
  const all = (name) =>
    answer.headers.filter(([found]) => found === name).map(([, value]) => value);
  assert.deepEqual(all('x-one'), ['kept']);
  assert.deepEqual(all('set-cookie'), ['a=1', 'b=2']);
  assert.deepEqual(all('x-number'), ['7']);
  assert.deepEqual(all('x-latin'), ['é']);
  assert.deepEqual(all('content-type'), ['text/html']);
  assert.deepEqual(
    (await found.ask('/response')).headers.filter(([name]) => name === 'set-cookie').length,
    2,
  );
});

test('pieces that nobody waits for keep their order', async () => {
  const { body } = await found.ask('/unawaited');
  assert.equal(body.length, 1_000_000);
  for (let i = 0; i < 100; i++) assert.equal(body[i * 10_000 + 9_999], i);
});

describe('what goes wrong is a problem for the client, and a line in the log', () => {
  const cases = [
    ['/throws', 500, 'handler_failed', /the handler failed/],
    ['/rejects', 500, 'handler_failed', /the handler failed/],
    ['/throws-nothing', 500, 'handler_failed', /the handler failed/],
    ['/nothing', 500, 'no_answer', /gave no answer; give back null for 204/],
    ['/symbol', 502, 'bad_answer', /cannot be sent/],
    ['/circle', 502, 'bad_answer', /cannot be sent/],
    ['/bad-header?name=x&value=a%0d%0ab:c', 502, 'bad_answer', /cannot be sent/],
    ['/bad-header?name=x&value=a%00x-b%00c', 502, 'bad_answer', /cannot be sent/],
    ['/bad-header?name=x%00y&value=a', 502, 'bad_answer', /cannot be sent/],
    ['/bad-header?name=&value=a', 502, 'bad_answer', /cannot be sent/],
    ['/bad-header?name=x&value=%E2%82%AC', 502, 'bad_answer', /cannot be sent/],
    ['/bad-status?status=101', 502, 'bad_answer', /cannot be sent/],
    ['/bad-status?status=70000', 502, 'bad_answer', /cannot be sent/],
    ['/bad-status?status=-1', 502, 'bad_answer', /cannot be sent/],
    ['/bad-status?status=NaN', 502, 'bad_answer', /cannot be sent/],
  ];
  for (const [target, status, code, line] of cases) {
    test(target, async () => {
      const errors = listening('error');
      const answer = await found.ask(target);
      assert.equal(answer.status, status);
      assert.equal(answer.header('content-type'), 'application/problem+json');
      assert.equal(answer.json.code, code);
      assert.equal(answer.json.status, status);
      assert.doesNotMatch(answer.text, /secret|\.js/);
      assert.equal(errors().length, 1);
      assert.match(errors()[0].text, line);
      assert.ok(errors()[0].text.startsWith(`GET ${target.split('?')[0]}: `));
    });
  }

  test('the log has what was thrown', async () => {
    const errors = listening('error');
    await found.ask('/rejects');
    assert.equal(errors()[0].error, BAD);
  });

  // The hub may have the answer's beginning on its way by then, or not.
  for (const target of ['/bad-piece', '/bad-source', '/short']) {
    test(`${target} is broken off, and the client can tell`, async () => {
      const errors = listening('error');
      const got = await found.ask(target).then(
        (answer) => answer.status,
        (error) => error.cause?.code ?? error.code,
      );
      assert.ok(got === 502 || got === 'ECONNRESET', String(got));
      assert.equal(errors().length, 1);
    });
  }
});

test('who answers twice is told, and the client has the first answer', async () => {
  for (const target of ['/twice', '/twice-returned']) {
    const errors = listening('error');
    assert.equal((await found.ask(target)).text, 'one');
    assert.equal(errors().length, 1, target);
    if (target === '/twice') assert.equal(errors()[0].error.kind, 'already_answered');
  }
});

test('what was refused can be made good', async () => {
  const answer = await found.ask('/made-good');
  assert.equal(answer.text, 'good');
  assert.equal(answer.header('x-bad'), 'invalid_head');
});

test('a worker that cannot be says why', async () => {
  assert.throws(() => new Worker('x', { hubs: 'a' }), {
    name: 'TypeError',
    message: /no option hubs/,
  });
  assert.throws(() => new Worker('x').get('/', 'no function'), {
    message: /is a function, not no function/,
  });
  const begin = (worker) => () => worker.begin();
  const refused = (message) => ({
    name: 'SlotwayError',
    kind: 'invalid_argument',
    code: -1,
    message,
  });
  assert.throws(begin(new Worker('x').get('/', () => '').also('y')), refused(/no route/));
  assert.throws(begin(new Worker('a b').get('/', () => '')), refused(/a b/));
  assert.throws(begin(new Worker('x').get('no-slash', () => '')), refused(/no-slash/));
  assert.throws(begin(new Worker('x').get('/', () => '').get('/', () => '')), refused(/twice/));
  assert.throws(begin(new Worker('x', { slots: -1 }).get('/', () => '')), refused(/slots is -1/));
  assert.throws(
    begin(new Worker('x', { slots: 'many' }).get('/', () => '')),
    refused(/slots is not a number/),
  );
  assert.throws(
    begin(new Worker('x', { connect: 'twice' }).get('/', () => '')),
    refused(/connect is "twice"/),
  );
  assert.ok(SlotwayError.prototype instanceof Error);
});
