'use strict';
// Taking activities: what handlers see of them, and what becomes of what they give back.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Readable } = require('node:stream');

const { configureLog } = require('slotway');
const { fetch } = require('../support/client.js');
const { QUEUE, calling, deferred, ended } = require('./support.js');

configureLog({ level: 'silent' });

const found = calling();
const { call } = found;

test('a handler sees which activity it is', async (t) => {
  let activity;
  await found.taking(t, (worker) =>
    worker
      .activity('media/images-2', 'resize.small', async (req) => {
        ({ activity } = req);
        const type = req.headers.get('content-type');
        return { method: req.method, path: req.path, type, body: await req.text() };
      })
      .get('/plain', (req) => typeof req.activity),
  );
  const options = { key: 'k 1', contentType: 'image/png' };
  const reply = await call('media/images-2', 'resize.small', 'payload', options);
  assert.deepEqual(reply.json(), {
    method: 'POST',
    path: '/queues/media/images-2/resize.small',
    type: 'image/png',
    body: 'payload',
  });
  const { id, attempt, queue, type, key } = activity;
  assert.match(id, /^\d+$/);
  assert.deepEqual(
    { attempt, queue, type, key },
    { attempt: 1, queue: 'media/images-2', type: 'resize.small', key: 'k 1' },
  );
  const first = id;
  await call('media/images-2', 'resize.small');
  assert.notEqual(activity.id, first);
  assert.equal(activity.key, undefined);
  // Who says so from outside does not make a request one.
  const headers = [
    ['slotway-activity', '7'],
    ['slotway-attempt', '1'],
  ];
  const answer = await fetch(found.hub.port, { target: '/plain', headers });
  assert.equal(answer.text, 'undefined');
});

test('whatever a handler may give back is an outcome', async (t) => {
  const large = Buffer.alloc(3 << 20, 'large');
  await found.taking(t, (worker) =>
    worker
      .activity(QUEUE, 'text', () => 'grüße')
      .activity(QUEUE, 'bytes', () => Buffer.from([0, 255, 10]))
      .activity(QUEUE, 'json', () => ({ a: [1] }))
      .activity(QUEUE, 'none', () => null)
      .activity(QUEUE, 'status', (req, reply) => reply.status(404).send('not there'))
      .activity(QUEUE, 'large', () => large)
      .activity(QUEUE, 'pieces', () => Readable.from(['a', 'b', large]))
      .activity(QUEUE, 'web', () => new Response('web', { status: 201 })),
  );
  const cases = [
    ['text', 200, 'text/plain; charset=utf-8', Buffer.from('grüße')],
    ['bytes', 200, 'application/octet-stream', Buffer.from([0, 255, 10])],
    ['json', 200, 'application/json', Buffer.from('{"a":[1]}')],
    ['none', 204, undefined, Buffer.alloc(0)],
    ['status', 404, 'text/plain; charset=utf-8', Buffer.from('not there')],
    ['large', 200, 'application/octet-stream', large],
    ['pieces', 200, 'application/octet-stream', Buffer.concat([Buffer.from('ab'), large])],
    ['web', 201, 'text/plain;charset=UTF-8', Buffer.from('web')],
  ];
  for (const [activity, status, contentType, body] of cases) {
    const reply = await call(QUEUE, activity);
    assert.equal(reply.status, status, activity);
    assert.equal(reply.ok, status < 300, activity);
    assert.equal(reply.contentType, contentType, activity);
    assert.ok(reply.body.equals(body), activity);
    assert.equal(reply.attempts, 1);
    assert.equal(reply.replayed, false);
  }
});

test('whatever may be a payload arrives', async (t) => {
  await found.taking(t, (worker) =>
    worker.activity(QUEUE, 'echo', async (req, reply) => {
      const type = req.headers.get('content-type');
      if (type !== undefined) reply.type(type);
      return reply.send(await req.bytes());
    }),
  );
  const large = Buffer.alloc(5 << 20, 'large');
  const bytes = Uint16Array.from([1, 2, 513]);
  for (const [payload, body] of [
    [undefined, ''],
    ['text', 'text'],
    ['grüße \u{1f600}', 'grüße \u{1f600}'],
    [Buffer.from([0, 255]), Buffer.from([0, 255])],
    [bytes, Buffer.from(bytes.buffer)],
    [bytes.buffer, Buffer.from(bytes.buffer)],
    [large, large],
  ]) {
    const reply = await call(QUEUE, 'echo', payload);
    assert.ok(reply.body.equals(Buffer.from(body)));
    assert.equal(reply.contentType, 'application/octet-stream');
  }
  const json = await call(QUEUE, 'echo', { deep: [1, 'ü', null] });
  assert.equal(json.contentType, 'application/json');
  assert.deepEqual(json.json(), { deep: [1, 'ü', null] });
  const named = await call(QUEUE, 'echo', { a: 1 }, { contentType: 'application/x-a' });
  assert.equal(named.contentType, 'application/x-a');
  await assert.rejects(call(QUEUE, 'echo', Buffer.alloc((5 << 20) + 1)), { kind: 'too_large' });
});

test('r08: a handler that throws is an outcome of 500, and the worker goes on', async (t) => {
  await found.taking(t, (worker) =>
    worker
      .activity(QUEUE, 'throw', () => {
        throw new Error('secret');
      })
      .activity(QUEUE, 'reject', async (req) => {
        throw new Error(`secret ${await req.text()}`);
      })
      .activity(QUEUE, 'nothing', async () => {})
      .activity(QUEUE, 'body', (req) => req.json())
      .activity(QUEUE, 'well', () => 'well'),
  );
  for (const [activity, status, code] of [
    ['throw', 500, 'handler_failed'],
    ['reject', 500, 'handler_failed'],
    ['nothing', 500, 'no_answer'],
    ['body', 400, 'bad_body'],
  ]) {
    const reply = await call(QUEUE, activity, 'no json');
    assert.equal(reply.status, status, activity);
    assert.equal(reply.contentType, 'application/problem+json');
    assert.equal(reply.json().code, code);
    assert.doesNotMatch(reply.text(), /secret/);
    assert.equal((await call(QUEUE, 'well')).text(), 'well');
  }
});

test('each activity has its handler, beside routes and in several registrations', async (t) => {
  await found.taking(t, (worker) =>
    worker
      .activity('one/a', 'x', () => 'one/a x')
      .get('/first', () => 'first')
      .activity('one/b', 'x', () => 'one/b x')
      .activity('one/a', 'y', () => 'one/a y')
      .get('/host', { host: 'one.example' }, () => 'one.example')
      .get('/second', () => 'second')
      .sse('/stream', () => false)
      .also('second')
      .activity('two/a', 'y', () => 'two/a y')
      .also('third', { maxConcurrent: 2 })
      .get('/third', () => 'third')
      .activity('two/a', 'z', () => 'two/a z'),
  );
  for (const [queue, type] of [
    ['one/a', 'x'],
    ['one/b', 'x'],
    ['one/a', 'y'],
    ['two/a', 'y'],
    ['two/a', 'z'],
  ]) {
    assert.equal((await call(queue, type)).text(), `${queue} ${type}`);
  }
  for (const name of ['first', 'second', 'third']) {
    assert.equal((await fetch(found.hub.port, { target: `/${name}` })).text, name);
  }
});

test('q06: what a busy worker does not take moves, and no attempt is counted', async (t) => {
  let refused = 0;
  await found.taking(t, (worker) =>
    worker.activity('q06/busy', 'x', (req, reply) => {
      refused += 1;
      return reply.busy();
    }),
  );
  await found.taking(t, (worker) =>
    worker.activity('q06/busy', 'x', async (req) => ({ attempt: req.activity.attempt })),
  );
  while (refused === 0) {
    const replies = await Promise.all(Array.from({ length: 8 }, () => call('q06/busy', 'x')));
    for (const reply of replies) {
      assert.deepEqual(reply.json(), { attempt: 1 });
      assert.equal(reply.attempts, 1);
    }
  }
});

test('r06: of a queue a worker has as many in hand as its capacity is', async (t) => {
  let [inHand, most] = [0, 0];
  const full = deferred();
  const open = deferred();
  await found.taking(t, (worker) =>
    worker.capacity('r06/limited', 2).activity('r06/limited', 'x', async () => {
      inHand += 1;
      most = Math.max(most, inHand);
      if (inHand === 2) full.resolve();
      await open.promise;
      inHand -= 1;
      return 'done';
    }),
  );
  const calls = Array.from({ length: 10 }, () => call('r06/limited', 'x'));
  await full.promise;
  // It comes behind the others, which wait by the time that it has waited.
  await assert.rejects(call('r06/limited', 'x', '', { timeout: 0.1 }), ended('wait_timeout'));
  open.resolve();
  const replies = await Promise.all(calls);
  assert.ok(replies.every((reply) => reply.text() === 'done'));
  assert.equal(most, 2);
  // Those that had to wait are told how long they might have stayed away.
  const hints = replies.map(({ delayHint }) => delayHint).filter((hint) => hint !== undefined);
  assert.ok(hints.length > 0 && hints.length <= 8, String(hints.length));
  for (const hint of hints) assert.ok(hint >= 0.025 && hint <= 0.25, String(hint));
});

test('what cannot be offered is told before anything is connected', () => {
  const { Worker } = require('slotway');
  const build = (body) => () => body(new Worker('wrong', { hub: found.hub.control })).begin();
  const handler = () => null;
  for (const [body, message] of [
    [(worker) => worker.activity('wrong', 'x', handler), /"wrong"/],
    [(worker) => worker.activity('a/b.c', 'x', handler), /"a\/b\.c"/],
    [(worker) => worker.activity(QUEUE, 'a b', handler), /"a b"/],
    [(worker) => worker.activity(QUEUE, 'x', handler).activity(QUEUE, 'x', handler), /twice/],
    [(worker) => worker.activity(QUEUE, 'x', handler).capacity(QUEUE, 0), /take at least 1/],
    [(worker) => worker.activity(QUEUE, 'x', handler).capacity(QUEUE, 1.5), /whole number/],
    [(worker) => worker.capacity(QUEUE, 2), /name one/],
  ]) {
    assert.throws(build(body), { name: 'SlotwayError', kind: 'invalid_argument', message });
  }
  assert.throws(() => new Worker('wrong').activity(QUEUE, 'x', 'text'), TypeError);
});
