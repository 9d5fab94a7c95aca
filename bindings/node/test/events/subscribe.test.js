'use strict';
// Goal: subscriptions give what was published, in order; what they lose they tell at its place;
// and they end when they are left, when the worker ends, and not before.

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, before, describe } = require('node:test');
const { setImmediate: turn } = require('node:timers/promises');

const { Gap, Worker, configureLog } = require('slotway');
const { eventually } = require('../support/hub.js');
const { test } = require('../support/limited.js');
const { Process } = require('../support/process.js');
const { Bus, live, take } = require('./support.js');

let hub;
const said = [];
const hear = (level) => (text, error) => said.push({ level, text, error });

before(async () => {
  configureLog({
    level: 'warn',
    logger: { debug: hear('debug'), info: hear('info'), warn: hear('warn'), error: hear('error') },
  });
  hub = await new Bus().start();
});

after(() => hub?.remove());

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

test('e01_each_event_comes_once_for_each_subscription_that_matches', async (t) => {
  const worker = await hub.worker(t, 'patterns');
  const wanted = {
    'p.*': ['p.a', 'p.a.b', 'p.c'],
    'p.a': ['p.a'],
    'p.*.b': ['p.a.b'],
    'p.a,p.*,p.a.*': ['p.a', 'p.a.b', 'p.c'],
  };
  const all = await Promise.all(
    Object.keys(wanted).map((patterns) => live(worker, patterns.split(','))),
  );
  for (const topic of ['p.a', 'q.a', 'p', 'p.a.b', 'p.c']) worker.publish(topic, topic);
  for (const [index, topics] of Object.values(wanted).entries()) {
    const found = await take(all[index], topics.length);
    assert.deepEqual(
      found.map((event) => [event.topic, event.text()]),
      topics.map((topic) => [topic, topic]),
    );
  }
  for (const one of all) one.close();
  for (const one of all) assert.deepEqual(await one.next(), { value: undefined, done: true });
});

test('an event says what its publisher said', async (t) => {
  const [worker, other] = [await hub.worker(t, 'says'), await hub.worker(t, 'says-other')];
  const events = await live(worker, 'says.*');
  const options = { type: 'tÿpe', id: '🦀', principal: 'añn' };
  other.publish('says.ünï', Buffer.from([0xff, 0]), options);
  other.publish('says.ünï', '{"a":1}', options);
  other.publish('says.plain', undefined, { principal: null });
  const [bytes, json, plain] = await take(events, 3);
  for (const event of [bytes, json]) {
    const { topic, type, id, principal } = event;
    assert.deepEqual({ topic, type, id, principal }, { topic: 'says.ünï', ...options });
  }
  assert.ok(bytes.payload.equals(Buffer.from([0xff, 0])));
  assert.deepEqual(json.json(), { a: 1 });
  assert.deepEqual([plain.principal, plain.payload.length], [null, 0]);
  assert.ok(bytes.seq < json.seq && json.seq < plain.seq);
  assert.equal(JSON.parse(JSON.stringify(json)).payload, '{"a":1}');
});

test('b08_10000_events_in_order_by_a_loop_and_by_a_handler', async (t) => {
  const [worker, other] = [await hub.worker(t, 'crowd'), await hub.worker(t, 'crowd-hears')];
  const room = { capacity: 20_000, queue: 20_000 };
  const events = await live(other, 'crowd.a', room);
  const heard = [];
  const on = other.on('crowd.*', (event) => void heard.push(event.json()), room);
  await on.live();
  await worker.publishAll(numbers(10_000).map((payload) => ({ topic: 'crowd.a', payload })));
  const found = await take(events, 10_000);
  assert.deepEqual(
    found.map((event) => event.json()),
    numbers(10_000),
  );
  await eventually(() => heard.length === 10_000, 'all events in the handler');
  assert.deepEqual(heard, numbers(10_000));
});

test('b01_one_that_is_not_read_loses_alone_and_tells_how_many', async (t) => {
  const worker = await hub.worker(t, 'unread');
  const before = process.memoryUsage().rss;
  const unread = await live(worker, 'unread.a', { capacity: 16, queue: 16 });
  const newest = await live(worker, 'unread.a', { capacity: 16, queue: 16, overflow: 'newest' });
  const read = await live(worker, 'unread.a', { capacity: 65_536, queue: 100_000 });
  const count = 20_000;
  const payload = 'x'.repeat(200);
  const publishing = worker.publishAll(numbers(count).map(() => ({ topic: 'unread.a', payload })));
  assert.equal((await take(read, count)).length, count);
  await publishing;
  // What follows the flood is the last that is on its way.
  await worker.publishAll([
    { topic: 'unread.a', payload: 'last' },
    { topic: 'unread.a', payload: 'last' },
  ]);
  await take(read, 2);
  for (const lossy of [unread, newest]) {
    let [events, missed] = [0, 0];
    while (events + missed < count + 2) {
      const [item] = await take(lossy, 1);
      if (item instanceof Gap) missed += item.missed;
      else events += 1;
    }
    assert.ok(missed > 0, 'it has lost some');
    assert.equal(events + missed, count + 2);
  }
  assert.ok(process.memoryUsage().rss - before < 256 << 20);
});

test('e03_routed_subscriptions_are_fair_and_have_a_scope', async (t) => {
  const worker = await hub.worker(t, 'routed');
  const ann = await live(worker, '#', { mode: 'routed', principal: 'routed-ann' });
  const system = await live(worker, 'routed.*', { mode: 'routed', principal: null });
  for (const principal of ['routed-ann', 'routed-bob', null]) {
    worker.publish('routed.a', String(principal), { principal });
  }
  assert.equal((await take(ann, 1))[0].text(), 'routed-ann');
  assert.equal((await take(system, 1))[0].text(), 'null');
});

test('after: what the hub still holds comes first', async (t) => {
  const worker = await hub.worker(t, 'after');
  const first = await live(worker, 'after.*');
  for (const n of numbers(5)) worker.publish('after.a', n);
  const [one, ...rest] = await take(first, 5);
  const again = await live(worker, 'after.*', { after: one.seq });
  worker.publish('after.a', 5);
  const found = (await take(again, 5)).map((event) => event.json());
  assert.deepEqual(found, [...rest.map((event) => event.json()), 5]);
});

describe('on', () => {
  test('one event after the other, and what is thrown goes to the log', async (t) => {
    const worker = await hub.worker(t, 'on');
    const seen = [];
    let inside = 0;
    const on = worker.on('on.*', async (event) => {
      inside += 1;
      assert.equal(inside, 1);
      await turn();
      inside -= 1;
      seen.push(event.json());
      if (event.json() === 1) throw new Error('a handler that fails');
    });
    await on.live();
    await worker.publishAll(numbers(50).map((payload) => ({ topic: 'on.a', payload })));
    await eventually(() => seen.length === 50, 'all events');
    assert.deepEqual(seen, numbers(50));
    const failed = said.filter(({ text }) => text === 'on on.*: the handler failed');
    assert.deepEqual(
      failed.map(({ error }) => error.message),
      ['a handler that fails'],
    );
    on.close();
    worker.publish('on.a', 50);
    const other = await live(worker, 'on.b');
    worker.publish('on.b');
    await take(other, 1);
    assert.equal(seen.length, 50);
  });

  test('e08_losses_are_told_to_who_asks_and_else_to_the_log', async (t) => {
    const worker = await hub.worker(t, 'lost');
    let release;
    const held = new Promise((resolve) => (release = resolve));
    let [missed, events, silent] = [0, 0, 0];
    const small = { capacity: 4, queue: 4 };
    const told = worker.on('lost.*', () => held.then(() => (events += 1)), {
      ...small,
      lost: (gap) => (missed += gap.missed),
    });
    const logged = worker.on('lost.*', () => held.then(() => (silent += 1)), small);
    await Promise.all([told.live(), logged.live()]);
    await worker.publishAll(numbers(1000).map((payload) => ({ topic: 'lost.a', payload })));
    const end = await live(worker, 'lost.end');
    worker.publish('lost.end');
    await take(end, 1);
    release();
    await eventually(() => missed + events === 1001, 'the count of all');
    assert.ok(missed > 0);
    await eventually(
      () => said.some(({ text }) => /^on lost\.\*: \d+ events were lost$/.test(text)),
      'word of it in the log',
    );
  });
});

describe('what cannot be subscribed to is said', () => {
  for (const [patterns, options, message] of [
    ['a..b', {}, /"a\.\.b" is no pattern/],
    [[], {}, /at least one pattern/],
    ['a', { mode: 'lost' }, /mode is "lost"; it is lossy or routed/],
    ['a', { overflow: 'all' }, /overflow is "all"/],
    ['a', { principal: 'ann' }, /routed/],
    ['a', { mode: 'routed', overflow: 'newest' }, /routed/],
    ['a', { capacity: 0 }, /at least one event/],
    ['a', { capacity: 1.5 }, /capacity is 1.5/],
    ['a', { size: 1 }, /a subscription has no size/],
  ]) {
    test(`${JSON.stringify(patterns)} ${JSON.stringify(options)}`, async (t) => {
      const worker = await hub.worker(t, 'wrong');
      assert.throws(() => worker.subscribe(patterns, options), { message });
      assert.throws(() => worker.on(patterns, () => {}, options), { message });
    });
  }
});

describe('ends', () => {
  test('b07_leaving_a_loop_and_aborting_a_signal', async (t) => {
    const worker = await hub.worker(t, 'leaves');
    const events = await live(worker, 'leaves.*');
    worker.publish('leaves.a');
    for await (const event of events) {
      assert.equal(event.topic, 'leaves.a');
      break;
    }
    assert.equal((await events.next()).done, true);
    const control = new AbortController();
    const aborted = await live(worker, 'leaves.*', { signal: control.signal });
    const next = aborted.next();
    control.abort();
    assert.equal((await next).done, true);
    const never = worker.subscribe('leaves.*', { signal: control.signal });
    assert.equal((await never.next()).done, true);
  });

  test('b06_what_has_come_is_read_and_then_the_end_is_seen', async (t) => {
    const worker = new Worker('end', { hub: hub.control });
    const running = await worker.start();
    t.after(() => running.close());
    const [events, waits] = [await live(worker, 'end.*'), await live(worker, 'end.none')];
    const other = await live(worker, 'end.*');
    for (const n of numbers(10)) worker.publish('end.a', n);
    await take(other, 10);
    const waiting = take(waits, 1);
    await running.shutdown();
    assert.deepEqual(
      (await take(events, 11)).map((event) => event.json()),
      numbers(10),
    );
    assert.deepEqual(await waiting, []);
    assert.deepEqual(await take(other, 1), []);
  });
});

test('b08_a_subscription_goes_on_when_the_hub_is_started_anew', async (t) => {
  const own = await new Bus().start();
  t.after(() => own.remove());
  const [worker, other] = [await own.worker(t, 'goes-on'), await own.worker(t, 'publishes')];
  const events = await live(worker, 'goes.*');
  other.publish('goes.a', 'before');
  assert.equal((await take(events, 1))[0].text(), 'before');
  await own.end('SIGKILL');
  await own.start();
  // Until both are back what is published may find nobody.
  let again = 0;
  const probe = setInterval(() => other.publish('goes.a', String((again += 1))), 20);
  const [event] = (await take(events, 2)).filter((item) => !(item instanceof Gap));
  clearInterval(probe);
  assert.ok(Number(event.text()) > 0);
});

test('b06_kill_9_of_a_publisher_leaves_whole_events', async (t) => {
  const worker = await hub.worker(t, 'survives');
  const events = await live(worker, 'killed.*', { capacity: 65_536, queue: 65_536 });
  const file = path.join(__dirname, 'programs', 'flood.js');
  /** What comes next of each round's publisher. */
  const next = [0, 0, 0, 0, 0];
  let lost = false;
  const look = async () => {
    const [item] = await take(events, 1);
    lost ||= item instanceof Gap;
    if (item instanceof Gap) return;
    const { round, n, fill } = item.json();
    // What a publisher leaves behind may come after the next one has begun; in order it is.
    assert.ok(lost ? n >= next[round] : n === next[round], `${n} of ${round} after ${next[round]}`);
    assert.equal(fill, 'x'.repeat(n % 2000));
    next[round] = n + 1;
  };
  for (let round = 0; round < next.length; round++) {
    const flood = new Process(process.execPath, [file, hub.control, String(round)]);
    t.after(() => flood.over || flood.process.kill('SIGKILL'));
    while (next[round] < 100 + 50 * round) await look();
    flood.process.kill('SIGKILL');
    await flood.wait();
  }
});
