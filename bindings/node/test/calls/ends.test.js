'use strict';
// How calls end that no worker has answered, and what is done again.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { configureLog, SlotwayError } = require('slotway');
const { eventually } = require('../support/hub.js');
const { QUEUE, calling, deferred, ended } = require('./support.js');

configureLog({ level: 'silent' });

const found = calling({ SLOTWAY_QUEUES_WAITING: '4' });
const { call } = found;

const RETRY = { idempotent: true, backoff: 0.01 };

test('q03: a worker that is killed ends its calls at once', async (t) => {
  const worker = found.program(t, 'programs/retried.mjs');
  await worker.waitLine(/^ready$/);
  const calls = [1, 2, 3].map(() => call('retry/work', 'stay', '', { timeout: 600 }));
  await worker.waitLine(/^stays$/, 3);
  worker.process.kill('SIGKILL');
  for (const one of calls) {
    await assert.rejects(one, (error) => {
      // Not by waiting for the deadline, which would be told as such.
      assert.ok(ended('worker_gone')(error));
      assert.ok(error instanceof SlotwayError);
      assert.equal(error.kind, 'call');
      assert.equal(error.code, -17);
      assert.notEqual(error.reason, '');
      assert.ok(error.message.includes(error.reason));
      return true;
    });
  }
});

test('q04: what is not idempotent is begun once, however many attempts it has', async (t) => {
  await found.example(t);
  await found.example(t);
  await assert.rejects(call(QUEUE, 'crash', '', { attempts: 3 }), ended('worker_gone'));
  // The other one is there.
  assert.equal((await call(QUEUE, 'echo', 'x')).text(), 'x');
});

test('q04: what is idempotent is begun again, as often as it may', async (t) => {
  const workers = [1, 2, 3].map(() => found.program(t, 'programs/retried.mjs'));
  for (const worker of workers) await worker.waitLine(/^ready$/);
  const reply = await call('retry/work', 'x', '', { ...RETRY, attempts: 3 });
  assert.equal(reply.text(), 'attempt 3');
  assert.equal(reply.attempts, 3);
  await eventually(() => workers.filter(({ over }) => over).length === 2, 'the end of two');
  // One is left, which ends with the first attempt.
  await assert.rejects(
    call('retry/work', 'x', '', { ...RETRY, attempts: 1 }),
    ended('worker_gone'),
  );
});

test('q05: a queue that is full rejects, says when to come back, and recovers', async (t) => {
  const open = deferred();
  const begun = deferred();
  let count = 0;
  await found.taking(t, (worker) =>
    worker.capacity('q05/full', 2).activity('q05/full', 'x', async () => {
      count += 1;
      if (count === 2) begun.resolve();
      await open.promise;
      return 'done';
    }),
  );
  const calls = [1, 2].map(() => call('q05/full', 'x'));
  await begun.promise;
  calls.push(...[3, 4, 5, 6].map(() => call('q05/full', 'x')));
  await assert.rejects(call('q05/full', 'x'), (error) => {
    assert.ok(ended('queue_full')(error));
    assert.ok(error.retryAfter >= 0.025 && error.retryAfter <= 0.25, String(error.retryAfter));
    return true;
  });
  assert.equal(count, 2, 'it was delivered to nobody');
  open.resolve();
  for (const reply of await Promise.all(calls)) assert.equal(reply.text(), 'done');
  assert.equal((await call('q05/full', 'x')).text(), 'done');
  assert.equal(count, 7);
});

test('q07: a deadline is kept, and the worker sees that nobody waits', async (t) => {
  const seen = deferred();
  await found.taking(t, (worker) =>
    worker.activity('q07/late', 'x', (req) => {
      assert.ok(req.timeLeft > 0 && req.timeLeft <= 0.1, String(req.timeLeft));
      req.signal.addEventListener('abort', () => seen.resolve(req.cancelled));
      return new Promise(() => {});
    }),
  );
  await assert.rejects(call('q07/late', 'x', '', { timeout: 0.1 }), ended('deadline'));
  assert.equal(await seen.promise, true);
});

test('q07: nobody has room in time', async (t) => {
  const begun = deferred();
  const open = deferred();
  await found.taking(t, (worker) =>
    worker.capacity('q07/room', 1).activity('q07/room', 'x', async () => {
      begun.resolve();
      await open.promise;
      return 'done';
    }),
  );
  const first = call('q07/room', 'x');
  await begun.promise;
  await assert.rejects(call('q07/room', 'x', '', { timeout: 0.05 }), ended('wait_timeout'));
  open.resolve();
  assert.equal((await first).text(), 'done');
});

test('q07: a key replays what was done, and does nothing', async (t) => {
  await found.example(t);
  const first = await call(QUEUE, 'count', 'a', { key: 'one' });
  const again = await call(QUEUE, 'count', 'a', { key: 'one' });
  assert.deepEqual([first.replayed, again.replayed], [false, true]);
  assert.equal(again.text(), first.text());
  const other = await call(QUEUE, 'count', 'a', { key: 'two' });
  assert.equal(Number(other.text()), Number(first.text()) + 1);
  await assert.rejects(call(QUEUE, 'count', 'b', { key: 'one' }), ended('key_reused'));
});

test('a hub that is killed: calls end, and go on with the next', async (t) => {
  const example = await found.example(t);
  const sleeping = [1, 2, 3].map(() => call(QUEUE, 'sleep', '600000'));
  const settled = Promise.allSettled(sleeping);
  assert.equal((await call(QUEUE, 'echo', 'before')).text(), 'before');
  await found.hub.end('SIGKILL');
  for (const { reason } of await settled) assert.equal(reason?.kind, 'hub_gone');
  // This one waits for the next hub.
  const waits = call(QUEUE, 'echo', 'after').catch((error) => error);
  await found.hub.start();
  const early = await waits;
  if (early instanceof Error) assert.ok(ended('no_queue')(early));
  else assert.equal(early.text(), 'after');
  await eventually(
    () => call(QUEUE, 'echo', 'again').then((reply) => reply.text() === 'again', ended('no_queue')),
    'that the worker takes again',
  );
  assert.equal(example.over, undefined);
});
