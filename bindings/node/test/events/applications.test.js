'use strict';
// Goal: applications that are served publish, subscribe and own streams as workers do, and their
// processes end when they should.

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, before } = require('node:test');

const { fetch } = require('../support/client.js');
const { eventually } = require('../support/hub.js');
const { test } = require('../support/limited.js');
const { listen } = require('../support/listener.js');
const { Process, slotway } = require('../support/process.js');
const { Bus, live, take } = require('./support.js');

const PROGRAMS = path.join(__dirname, 'programs');

let hub;

before(async () => {
  hub = await new Bus().start();
});

after(() => hub?.remove());

const JSON_TYPE = [['Content-Type', 'application/json']];

for (const app of ['express_events.js', 'fastify_events.mjs']) {
  test(`${app} publishes, subscribes and pushes`, async (t) => {
    const served = slotway(hub, app, [], { cwd: PROGRAMS });
    t.after(() => served.remove());
    await served.waitLine(/serving as/);
    const worker = await hub.worker(t, 'listens');
    const orders = await live(worker, 'orders.*');
    const body = '{"item":"tea"}';
    const target = '/orders/7';
    const posted = await fetch(hub.port, { method: 'POST', target, headers: JSON_TYPE, body });
    assert.deepEqual(posted.json, { published: true });
    const [event] = await take(orders, 1);
    assert.deepEqual([event.topic, event.json()], ['orders.7', { item: 'tea' }]);
    // What it subscribed to before it was served it hears.
    const heard = () => fetch(hub.port, { target: '/heard' }).then((answer) => answer.json);
    await eventually(async () => (await heard()).length > 0, 'its own event');
    worker.publish('orders.8', { item: 'milk' });
    await eventually(async () => (await heard()).length === 2, "another's event");
    assert.deepEqual(await heard(), ['orders.7', 'orders.8']);
    // A stream of its own.
    const client = await listen(hub.port, '/stream/7');
    t.after(() => client.close());
    const told = await fetch(hub.port, { method: 'POST', target: '/tell/7', body: '' });
    assert.deepEqual(told.json, { status: 200 });
    assert.equal((await client.next()).data, 'told');
    assert.equal((await fetch(hub.port, { target: '/stream/none' })).status, 403);
    assert.equal(await served.terminate(), 0, served.said('it did not end well'));
  });
}

test('s06_a_worker_that_is_killed_its_clients_stay_and_the_next_one_hears_of_them', async (t) => {
  const start = () => {
    const program = new Process(process.execPath, [path.join(PROGRAMS, 'owner.js'), hub.control]);
    t.after(() => program.remove());
    return program;
  };
  const first = start();
  await first.waitLine(/^live$/);
  const clients = await Promise.all(
    Array.from({ length: 50 }, (_, n) => listen(hub.port, `/owned/${n % 5}?n=${n}`)),
  );
  t.after(() => clients.forEach((client) => client.close()));
  await first.waitLine(/^connect /, clients.length);
  first.process.kill('SIGKILL');
  await first.wait();
  const second = start();
  await second.waitLine(/^reconnect /, clients.length);
  const said = second.lines.filter((line) => line.startsWith('reconnect '));
  assert.deepEqual(
    said.sort(),
    clients.map(({ connection }, n) => `reconnect ${connection} ${n % 5} n=${n}`).sort(),
  );
  const pushed = await fetch(hub.port, { method: 'POST', target: '/owned/3', body: 'again' });
  assert.equal(pushed.text, '200');
  for (const [n, client] of clients.entries()) {
    if (n % 5 === 3) assert.equal((await client.next()).data, 'again');
  }
  clients[0].close();
  await second.waitLine(new RegExp(`^disconnect ${clients[0].connection}$`));
});

test('subscriptions keep no drained process alive, and a script that published ends', async (t) => {
  const listening = new Process(process.execPath, [path.join(PROGRAMS, 'listens.js'), hub.control]);
  t.after(() => listening.remove());
  await listening.waitLine(/^live$/);
  const worker = await hub.worker(t, 'talks');
  worker.publish('talk.a', 'hello');
  await listening.waitLine(/^by a loop: hello$/);
  await listening.waitLine(/^by a handler: hello$/);
  listening.process.kill('SIGTERM');
  assert.equal(await listening.wait(), 0);
  assert.ok(listening.lines.includes('the loop has ended'), listening.said('it did not end'));

  const events = await live(worker, 'script.*', { capacity: 10_000, queue: 10_000 });
  const script = new Process(process.execPath, [path.join(PROGRAMS, 'script.js'), hub.control]);
  t.after(() => script.remove());
  assert.equal(await script.wait(), 0, script.said('it did not end well'));
  const found = (await take(events, 1000)).map((event) => [event.principal, event.json()]);
  assert.deepEqual(
    found,
    Array.from({ length: 1000 }, (_, n) => ['script', n]),
  );
});
