'use strict';
// Calling: many at once, hanging up, and what cannot be called.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');

const { call: shared, configureLog, serve, Worker } = require('slotway');
const { fetch } = require('../support/client.js');
const { eventually } = require('../support/hub.js');
const { slotway } = require('../support/process.js');
const { QUEUE, calling, deferred, ended } = require('./support.js');

configureLog({ level: 'silent' });

const found = calling();
const { call } = found;

test('from one process to another', async (t) => {
  await found.example(t);
  assert.equal((await call(QUEUE, 'echo', 'hello')).text(), 'hello');
  assert.equal((await call(QUEUE, 'sleep', '1')).text(), 'slept');
  assert.equal((await call(QUEUE, 'fail')).status, 500);
  const counts = [await call(QUEUE, 'count'), await call(QUEUE, 'count')];
  assert.deepEqual(
    counts.map((reply) => reply.text()),
    ['1', '2'],
  );
});

test('a script of a few lines calls', async (t) => {
  await found.example(t);
  const script = found.program(t, 'programs/script.mjs');
  assert.equal(await script.wait(), 0, script.said('it failed'));
  assert.deepEqual(script.lines, ['hello']);
});

test('q07: answers in reverse order stay with their calls', async (t) => {
  const waiting = [];
  const all = deferred();
  await found.taking(t, (worker) =>
    worker.activity('q07/reverse', 'x', async (req) => {
      const text = await req.text();
      const open = deferred();
      waiting.push(open);
      if (waiting.length === 50) all.resolve();
      await open.promise;
      return text;
    }),
  );
  const calls = Array.from({ length: 50 }, (_, i) => call('q07/reverse', 'x', `call ${i}`));
  await all.promise;
  const order = [];
  calls.forEach((one, i) => one.then(() => order.push(i)));
  for (const open of waiting.reverse()) {
    open.resolve();
    await new Promise(setImmediate);
  }
  const replies = await Promise.all(calls);
  assert.deepEqual(
    replies.map((reply) => reply.text()),
    Array.from({ length: 50 }, (_, i) => `call ${i}`),
  );
  assert.equal(order.length, 50);
});

test('1,000 calls are under way at once', async (t) => {
  let inHand = 0;
  const all = deferred();
  const options = { slots: 1024, headBytes: 4096, requestBytes: 4096, responseBytes: 4096 };
  await found.taking(
    t,
    (worker) =>
      worker.activity('many/at-once', 'x', async (req) => {
        inHand += 1;
        if (inHand === 1000) all.resolve();
        const text = await req.text();
        await all.promise;
        return text;
      }),
    options,
  );
  const calls = Array.from({ length: 1000 }, (_, i) => call('many/at-once', 'x', String(i)));
  const replies = await Promise.all(calls);
  assert.equal(inHand, 1000);
  replies.forEach((reply, i) => assert.equal(reply.text(), String(i)));
  assert.equal(found.running.service.waiting.size, 1, 'nothing waits any more but for room');
});

test('calls that find no room wait for it', async (t) => {
  await found.taking(t, (worker) =>
    worker.activity('room/large', 'x', async (req) => {
      const bytes = await req.bytes();
      return { length: bytes.length, first: bytes[0] };
    }),
  );
  const calls = Array.from({ length: 40 }, (_, i) =>
    call('room/large', 'x', Buffer.alloc(1 << 20, i)),
  );
  const replies = await Promise.all(calls);
  replies.forEach((reply, first) => assert.deepEqual(reply.json(), { length: 1 << 20, first }));
});

test('a handler calls another activity', async (t) => {
  const running = await found.taking(t, (worker) =>
    worker
      .activity('nested/a', 'outer', async (req) => {
        const inner = await worker.call('nested/a', 'inner', await req.text());
        return `${inner.text()} (outer)`;
      })
      .activity('nested/a', 'inner', async (req) => `${await req.text()} (inner)`),
  );
  assert.equal((await running.call('nested/a', 'outer', 'x')).text(), 'x (inner) (outer)');
});

test('one that hangs up: its worker sees that nobody waits', async (t) => {
  const begun = deferred();
  const seen = deferred();
  await found.taking(t, (worker) =>
    worker.activity('hang/up', 'x', (req) => {
      req.signal.addEventListener('abort', () => seen.resolve(req.activity.type));
      begun.resolve();
    }),
  );
  const control = new AbortController();
  const called = call('hang/up', 'x', 'text', { signal: control.signal });
  await begun.promise;
  const reason = new Error('enough');
  control.abort(reason);
  await assert.rejects(called, reason);
  assert.equal(await seen.promise, 'x');
  // One that was aborted before is never made.
  await assert.rejects(call('hang/up', 'y', '', { signal: AbortSignal.abort(reason) }), reason);
  // One that was answered is not touched.
  await found.taking(t, (worker) => worker.activity('hang/late', 'x', () => 'done'));
  const late = new AbortController();
  const reply = await call('hang/late', 'x', '', { signal: late.signal });
  late.abort();
  assert.equal(reply.text(), 'done');
});

test('what is called before the worker begins goes with it', async (t) => {
  await found.taking(t, (worker) => worker.activity('early/a', 'x', async (req) => req.text()));
  const worker = new Worker('early', { hub: found.hub.control });
  const bytes = Buffer.from('early');
  const early = worker.call('early/a', 'x', bytes);
  // What was given is the caller's again.
  bytes.fill('-');
  const control = new AbortController();
  const given = worker.call('early/a', 'x', '', { signal: control.signal });
  control.abort();
  await assert.rejects(given, { name: 'AbortError' });
  const running = await worker.start();
  t.after(() => running.close());
  assert.equal((await early).text(), 'early');
  await running.shutdown();
  await assert.rejects(worker.call('early/a', 'x'), { kind: 'closed' });
});

test('a time that passes without a hub', async () => {
  const worker = new Worker('nowhere', { hub: `${found.hub.directory}/none.sock` });
  await assert.rejects(worker.call('a/b', 'c', '', { timeout: 0.05 }), { kind: 'timeout' });
  const running = worker.begin();
  await assert.rejects(worker.call('a/b', 'c', '', { timeout: 0.05 }), { kind: 'timeout' });
  const pending = worker.call('a/b', 'c');
  await Promise.all([running.close(), assert.rejects(pending, { kind: 'closed' })]);
});

test('an application that is served calls', async (t) => {
  await found.taking(t, (worker) =>
    worker.activity('app/work', 'upper', async (req) => (await req.text()).toUpperCase()),
  );
  const server = await serve(
    async (req, res) => {
      const reply = await shared('app/work', 'upper', req.url);
      res.end(reply.body);
    },
    { hub: found.hub.control, signals: false, name: 'app', routes: ['/app/{x}'] },
  );
  t.after(() => server.close());
  assert.equal((await fetch(found.hub.port, { target: '/app/x' })).text, '/APP/X');
});

test('an application that npx slotway serves calls, from each of its processes', async (t) => {
  await found.taking(t, (worker) =>
    worker.activity('app/work', 'upper', async (req) => (await req.text()).toUpperCase()),
  );
  const app = path.join(__dirname, 'programs', 'application.js');
  const served = slotway(found.hub, app, ['--workers', '2', '--route', '/served/{x}']);
  t.after(() => served.remove());
  await served.waitLine(/worker \d+ serves/, 2);
  const pids = new Set();
  await eventually(async () => {
    const { text } = await fetch(found.hub.port, { target: '/served/x' });
    const [upper, pid] = text.split(' ');
    assert.equal(upper, '/SERVED/X');
    return pids.add(pid).size === 2;
  }, 'that both processes answer');
});

test('what cannot be called is told at once', async () => {
  const refused = (given, error) => assert.rejects(call(...given), error);
  const invalid = { name: 'SlotwayError', kind: 'invalid_argument' };
  await refused(['wrong', 'x'], { ...invalid, message: /"wrong"/ });
  await refused(['a/b', 'a b'], { ...invalid, message: /"a b"/ });
  await refused(['a/b', 'x\0y'], { ...invalid, message: /0x00/ });
  await refused(['a/b', 'x', '', { contentType: 'a\nb' }], { ...invalid, message: /type/ });
  await refused(['a/b', 'x', '', { key: 'k'.repeat(256) }], invalid);
  for (const [given, message] of [
    [[7, 'x'], /queue is a string/],
    [['a/b', undefined], /activity is a string/],
    [['a/b', 'x', () => 7], /payload/],
    [['a/b', 'x', '', { time: 7 }], /no time; there are timeout/],
    [['a/b', 'x', '', { timeout: '7' }], /number of seconds/],
    [['a/b', 'x', '', { timeout: -1 }], /number of seconds/],
    [['a/b', 'x', '', { attempts: 0 }], /attempts/],
    [['a/b', 'x', '', { attempts: 1.5 }], /attempts/],
    [['a/b', 'x', '', { key: '' }], /leave it out/],
  ]) {
    await refused(given, { name: 'TypeError', message });
  }
});

test('what nobody takes', async (t) => {
  await assert.rejects(call('no/such', 'x'), ended('no_queue'));
  await found.taking(t, (worker) => worker.activity('no/type', 'x', () => 'x'));
  await assert.rejects(call('no/type', 'y'), ended('no_activity'));
});
