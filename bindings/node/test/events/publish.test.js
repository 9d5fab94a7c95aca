'use strict';
// Goal: what is published arrives as it was published, in order, and what finds no room is seen.

const assert = require('node:assert/strict');
const { after, before, describe } = require('node:test');
const { setImmediate: turn } = require('node:timers/promises');

const { SlotwayError, Worker } = require('slotway');
const { eventually } = require('../support/hub.js');
const { test } = require('../support/limited.js');
const { Bus, live, take } = require('./support.js');

let hub;

before(async () => {
  hub = await new Bus().start();
});

after(() => hub?.remove());

test('b08_what_is_published_reaches_slotway_tail_in_order_with_its_bytes', async (t) => {
  const tail = hub.tail('bytes.*');
  t.after(() => tail.remove());
  const worker = await hub.worker(t, 'bytes');
  // It says nothing before the first event.
  const probe = setInterval(() => worker.publish('bytes.probe'), 20);
  await tail.waitLine(/probe/);
  clearInterval(probe);
  const payloads = ['text', 'ünï©ode 🦀', Buffer.from([0, 255, 10, 13]), { json: [1, 'a'] }, ''];
  const options = { type: 'kind', id: 'mine', principal: 'ann' };
  for (const payload of payloads) assert.ok(worker.publish('bytes.sent', payload, options));
  assert.ok(worker.publish('bytes.sent', new Uint16Array([1, 2]), { principal: null }));
  assert.ok(worker.publish('bytes.sent'));
  await tail.waitLine(/"bytes.sent"/, payloads.length + 2);
  const found = tail.lines.map((line) => JSON.parse(line)).filter((e) => e.topic === 'bytes.sent');
  const bytes = (event) =>
    Buffer.from(event.data_base64 ?? event.data, event.data_base64 ? 'base64' : 'utf8');
  const wanted = ['text', 'ünï©ode 🦀', Buffer.from([0, 255, 10, 13]), '{"json":[1,"a"]}', ''];
  wanted.push(Buffer.from([1, 0, 2, 0]), '');
  assert.deepEqual(
    found.map(bytes),
    wanted.map((one) => Buffer.from(one)),
  );
  assert.deepEqual(
    found.slice(0, 5).map((e) => [e.type, e.id, e.principal]),
    Array(5).fill(['kind', 'mine', 'ann']),
  );
  assert.equal(found[5].principal ?? null, null);
  assert.equal(found[6].principal, 'bytes');
  assert.equal(found[6].type, 'message');
  const seqs = found.map((event) => event.seq);
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  );
});

test('what slotway emit publishes is received', async (t) => {
  const worker = await hub.worker(t, 'hears-emit');
  const events = await live(worker, 'emitted.*');
  await hub.emit('emitted.one', 'hello', '--type=greeting');
  const [event] = await take(events, 1);
  assert.deepEqual([event.topic, event.type, event.text()], ['emitted.one', 'greeting', 'hello']);
  assert.equal(event.id, String(event.seq));
  assert.ok(Math.abs(Date.now() - event.time) < 60_000, String(event.time));
});

describe('what cannot be published is said', () => {
  const cases = [
    ['', {}, /no topic/],
    ['a..b', {}, /"a\.\.b" is no topic/],
    ['a.*', {}, /no topic/],
    [Array(21).fill('a').join('.'), {}, /no topic/],
    ['a', { type: 'a\nb' }, /type/],
    ['a', { id: 'a\rb' }, /id/],
    ['a', { id: 'a\0b' }, /0x00/],
    ['a', { principal: '' }, /principal is empty/],
    ['a', { terminal: true }, /last of its key/],
    ['a', { typ: 'x' }, /an event has no typ/],
    ['a', { type: 7 }, /type is a string, not number/],
    [7, {}, /topic is a string, not number/],
  ];
  for (const [topic, options, message] of cases) {
    test(`${JSON.stringify(topic).slice(0, 20)} ${JSON.stringify(options)}`, async (t) => {
      const worker = await hub.worker(t, 'wrong');
      assert.throws(() => worker.publish(topic, '', options), { message });
    });
  }

  test('a payload that is too large, or nothing that can be said', async (t) => {
    const worker = await hub.worker(t, 'wrong');
    assert.throws(() => worker.publish('a', Buffer.alloc((5 << 20) + 1)), { kind: 'too_large' });
    assert.throws(() => worker.publish('a', () => {}), TypeError);
    assert.throws(() => worker.publishMany([{ topic: 'a' }, 7]), /events\[1\] is no event/);
    assert.throws(
      () => worker.publishMany([{ topic: 'a' }, { topic: '' }]),
      /of 2 events number 1/,
    );
    assert.throws(() => worker.publishMany({ topic: 'a' }), TypeError);
  });
});

test('many in one call, more than a call takes, and larger than the outbox', async (t) => {
  const worker = await hub.worker(t, 'many');
  const events = await live(worker, 'many.*', { capacity: 65_536, queue: 100_000 });
  const drafts = Array.from({ length: 3000 }, (_, n) => ({
    topic: `many.${n % 7}`,
    payload: n % 1000 === 0 ? Buffer.alloc(600_000, n / 1000) : `${n}`.repeat(1 + (n % 50)),
    type: n % 3 === 0 ? 'third' : undefined,
  }));
  await worker.publishAll(drafts);
  const found = await take(events, drafts.length);
  found.forEach((event, n) => {
    const { topic, payload, type = 'message' } = drafts[n];
    assert.deepEqual([event.topic, event.type], [topic, type]);
    assert.ok(event.payload.equals(Buffer.from(payload)), `payload ${n}`);
  });
  async function* tokens() {
    for (const token of ['a', 'b', 'c']) {
      await turn();
      yield { topic: 'many.tokens', payload: token };
    }
  }
  await worker.publishAll(tokens());
  const told = (await take(events, 3)).map((event) => event.text());
  assert.deepEqual(told, ['a', 'b', 'c']);
});

test('a full outbox is seen, and there is room again', async (t) => {
  const worker = await hub.worker(t, 'full');
  const payload = Buffer.alloc(4096);
  let published = 0;
  let full = 0;
  hub.process.kill('SIGSTOP');
  t.after(() => hub.process.kill('SIGCONT'));
  while (worker.publish('full.a', payload)) published += 1;
  assert.ok(published > 0);
  let ready = false;
  const room = worker.ready().then(() => (ready = true));
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(ready, false, 'there is no room while the hub stands still');
  assert.equal(worker.publish('full.a', payload), false);
  assert.equal(worker.publishMany([{ topic: 'full.a', payload }]), 0);
  assert.equal(worker.tryPush('/nobody', payload), false);
  hub.process.kill('SIGCONT');
  await room;
  while (!worker.publish('full.a', payload)) {
    full += 1;
    await worker.ready();
  }
  assert.ok(full < 100, 'ready is no idle promise');
  await worker.ready();
});

test('b02_must_deliver_waits_for_a_subscriber_that_is_slow', async (t) => {
  const [worker, slow] = [await hub.worker(t, 'must'), await hub.worker(t, 'must-slow')];
  const events = await live(slow, 'must.*', { capacity: 4 });
  const count = 200;
  const publishing = worker.publishAll(
    Array.from({ length: count }, (_, n) => ({
      topic: 'must.a',
      payload: String(n),
      mustDeliver: true,
    })),
  );
  const found = (await take(events, count)).map((event) => event.text());
  await publishing;
  assert.deepEqual(
    found,
    Array.from({ length: count }, (_, n) => String(n)),
  );
});

test('nobody is there yet: it finds no room, and waits for it', async (t) => {
  const later = new Bus();
  const worker = new Worker('early', { hub: later.control });
  assert.equal(worker.publish('early.a'), false);
  const running = worker.begin();
  t.after(async () => {
    await running.close();
    await later.remove();
  });
  assert.equal(worker.publish('early.a'), false);
  const ready = worker.ready();
  await later.start();
  await ready;
  assert.equal(worker.publish('early.a'), true);
});

test('after the end', async () => {
  const worker = new Worker('ended', { hub: hub.control });
  const running = await worker.start();
  await running.shutdown();
  assert.throws(() => worker.publish('a'), { kind: 'closed' });
  await assert.rejects(worker.ready(), { kind: 'closed' });
  await assert.rejects(worker.push('/a', 'x'), { kind: 'closed' });
  assert.deepEqual(await take(worker.subscribe('a'), 1), []);
  await assert.rejects(worker.subscribe('a').live(), SlotwayError);
});

test('e12_what_the_hub_alone_refuses_is_told', async (t) => {
  const strict = new Bus();
  strict.env = { SLOTWAY_EVENTS_PAYLOAD_BYTES: '100' };
  await strict.start();
  t.after(() => strict.remove());
  const worker = await strict.worker(t, 'refused');
  assert.ok(worker.publish('refused.a', Buffer.alloc(200)));
  const [refusal] = await eventually(() => {
    const refusals = worker.refusals();
    return refusals.length > 0 && refusals;
  }, 'the refusal');
  assert.equal(refusal.count, 1);
  assert.match(refusal.reason, /large/);
});
