'use strict';
// Each example of handlers, as its first lines say to run it.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { Worker } = require('slotway');
const { fetch } = require('../support/client.js');
const { Bus } = require('../events/support.js');
const { Hub, eventually } = require('../support/hub.js');
const { listen } = require('../support/listener.js');
const { Process } = require('../support/process.js');

let hub;

before(async () => {
  hub = await new Hub().start();
});

after(() => hub?.remove());

const ask = (target, more = {}) => fetch(hub.port, { target, ...more });

/** Runs an example until `body` is through with it; what it says is checked there. */
async function running(
  name,
  probe,
  body,
  says = (lines) => assert.deepEqual(lines, []),
  status = 200,
) {
  const file = path.join(__dirname, '..', '..', 'examples', name);
  const example = new Process(process.execPath, ['--trace-warnings', file], {
    env: { SLOTWAY_HUB: hub.control },
  });
  try {
    await eventually(async () => (await ask(probe)).status === status, name);
    await body(example);
    assert.equal(await example.terminate(), 0);
    says(example.lines);
  } finally {
    await example.remove();
  }
}

test('hello.js', () =>
  running('hello.js', '/hello/x', async () => {
    assert.equal((await ask('/hello/you')).text, 'Hello, you!\n');
    const answer = await ask('/length', { method: 'POST', body: 'x'.repeat(70_000) });
    assert.deepEqual(answer.json, { length: 70_000 });
  }));

test('streaming.js', () =>
  running('streaming.js', '/ticks', async () => {
    const ticks = await ask('/ticks');
    assert.equal(ticks.header('content-type'), 'text/event-stream');
    assert.equal(ticks.text.match(/^data: \d$/gm).length, 10);
    const body = 'abc'.repeat(100_000);
    const upper = await ask('/upper', { method: 'PUT', body });
    assert.equal(upper.text, body.toUpperCase());
    const { sha256 } = (await ask('/digest', { method: 'PUT', body })).json;
    assert.equal(sha256, createHash('sha256').update(body).digest('hex'));
  }));

test('web.mjs', () =>
  running('web.mjs', '/', async () => {
    assert.equal((await ask('/any/path?q')).json.path, '/any/path');
    assert.equal((await ask('/', { method: 'POST', body: 'what it says' })).text, 'what it says');
  }));

test('sse.js', () =>
  running(
    'sse.js',
    '/answers/none',
    async (example) => {
      const client = await listen(hub.port, '/answers/7');
      const answer = await ask('/answers/7', { method: 'POST', body: 'why' });
      const text = 'You ask why? I do not know. ';
      const count = text.split(' ').length - 1;
      assert.deepEqual(answer.json, { count, status: 200 });
      const events = [];
      while (events.at(-1)?.event !== 'done') events.push(await client.next());
      assert.deepEqual(
        events.slice(0, -1).map(({ event, id }) => [event, id]),
        Array.from({ length: count }, (_, n) => ['token', String(n)]),
      );
      assert.equal(events.map(({ data }) => data).join(''), text);
      client.close();
      await example.waitLine(new RegExp(`^${client.connection} is gone$`));
    },
    (lines) =>
      assert.deepEqual(
        lines.map((line) => line.replace(/^\d+ /, '')),
        ['wants 7', 'is gone'],
      ),
    403,
  ));

test('queue.mjs', async (t) => {
  const file = path.join(__dirname, '..', '..', 'examples', 'queue.mjs');
  const example = new Process(process.execPath, ['--trace-warnings', file], {
    env: { SLOTWAY_HUB: hub.control, CAPACITY: '2' },
  });
  t.after(() => example.remove());
  await example.waitLine(/^ready$/);
  const caller = new Worker('caller', { hub: hub.control });
  const running = await caller.start();
  t.after(() => running.close());
  const call = async (activity, payload) =>
    (await caller.call('demo/work', activity, payload)).text();
  assert.equal(await call('echo', 'hello'), 'hello');
  assert.equal(await call('sleep', '10'), 'slept');
  assert.equal(await call('count'), '1');
  assert.equal((await caller.call('demo/work', 'fail')).status, 500);
  assert.equal(await example.terminate(), 0, example.said('it did not end well'));
  assert.deepEqual(example.lines, ['ready']);
});

test('events.js', async (t) => {
  const bus = await new Bus().start();
  t.after(() => bus.remove());
  const file = path.join(__dirname, '..', '..', 'examples', 'events.js');
  const example = new Process(process.execPath, ['--trace-warnings', file], {
    env: { SLOTWAY_HUB: bus.control },
  });
  t.after(() => example.remove());
  await example.waitLine(/^listening$/);
  const tail = bus.tail('clock.*', 'echo.*');
  t.after(() => tail.remove());
  await tail.waitLine(/"clock.tick"/);
  await bus.emit('chat.lobby', '{"text": "hello"}');
  await example.waitLine(/^chat\.lobby: hello$/);
  await tail.waitLine(/"HELLO"|HELLO/);
  await example.waitLine(/^the first tick is event \d+$/);
  assert.equal(await example.terminate(), 0, example.said('it did not end well'));
  assert.equal(example.lines.length, 3, example.said('it said more'));
});
