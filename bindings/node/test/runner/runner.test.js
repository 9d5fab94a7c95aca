'use strict';
// Many registrations in one process.

const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { configureLog, Runner, Unit, Worker } = require('slotway');
const { deferred } = require('../calls/support.js');
const { fetch } = require('../support/client.js');
const { Hub, eventually } = require('../support/hub.js');
const { Process } = require('../support/process.js');

const said = [];
const keep = (text) => said.push(text);
configureLog({
  level: 'warn',
  logger: { debug: keep, info: keep, warn: keep, error: keep },
});

let hub;

before(async () => {
  hub = new Hub();
  // Names of `late` wait for somebody, names of `never` stay out.
  hub.env = { SLOTWAY_IDENTITIES_REFUSE: 'never.*', SLOTWAY_IDENTITIES_APPROVE: 'late.*' };
  await hub.start();
});

after(() => hub?.remove());

const ask = (target, more = {}) => fetch(hub.port, { target, ...more });

/** A runner that runs for as long as a test takes, and its report. */
function running(t, units, options = {}) {
  const runner = new Runner(units, { hub: hub.control, ...options });
  const report = runner.run({ signals: false });
  report.catch(() => {});
  t.after(() => runner.close());
  return { runner, report };
}

const unit = (name, path_, handler = () => name, options = {}) =>
  new Unit(name, options).get(path_, handler);

test('r03: duplicates in the list: the first is kept, with a warning', async (t) => {
  const begin = said.length;
  const first = unit('twice', '/twice', () => 'first', { instance: 'a' });
  const second = unit('twice', '/twice', () => 'second', { instance: 'a' });
  const other = unit('twice', '/other', () => 'other', { instance: 'b' });
  const { runner } = running(t, [first, second, other]);
  assert.deepEqual(
    runner.metrics().map(({ identity }) => identity),
    ['twice.a', 'twice.b'],
  );
  assert.ok(said.slice(begin).some((text) => text.includes('twice.a')));
  await first.live();
  assert.equal((await ask('/twice')).text, 'first');
  assert.equal(second.state, 'idle');
});

test('r03: a duplicate that is added, and adding or running while it runs, are errors', async (t) => {
  const first = unit('added', '/added', undefined, { instance: 'a1' });
  const runner = new Runner([], { hub: hub.control }).add(first);
  t.after(() => runner.close());
  const same = unit('added', '/added', undefined, { instance: 'a1' });
  const twice = { kind: 'invalid_argument', message: /added\.a1/ };
  assert.throws(() => runner.add(same), twice);
  const report = runner.run({ signals: false });
  const already = { kind: 'out_of_order', message: /already running/ };
  assert.throws(() => runner.add(unit('more', '/more')), already);
  await assert.rejects(runner.run(), already);
  await first.live();
  assert.throws(() => first.get('/late', () => 'late'), { kind: 'out_of_order' });
  await runner.shutdown();
  assert.equal((await report).registrations[0].reason.name, 'shutdown');
  await assert.rejects(runner.run(), { kind: 'out_of_order', message: /has ended/ });
  assert.throws(() => runner.add(unit('more', '/more')), { kind: 'out_of_order' });
});

test('r03: what is added as it begins is driven or refused, and never lost', async (t) => {
  for (let round = 0; round < 200; round++) {
    const first = unit('race', '/race', undefined, { instance: 'first' });
    const second = unit('race', '/race', undefined, { instance: 'second' });
    const runner = new Runner([first], { hub: path.join(hub.directory, 'none.sock') });
    let added = true;
    const add = () => {
      try {
        runner.add(second);
      } catch (error) {
        assert.equal(error.kind, 'out_of_order');
        added = false;
      }
    };
    const before = round % 2 === 0;
    if (before) add();
    const report = runner.run({ signals: false });
    if (!before) await Promise.resolve().then(add);
    assert.equal(added, before);
    runner.beginClose();
    const names = (await report).registrations.map(({ identity }) => identity);
    assert.deepEqual(names, added ? ['race.first', 'race.second'] : ['race.first']);
  }
});

test('r04: without units, or shut down before: it ends at once and dials nobody', async (t) => {
  let dialled = 0;
  const server = net.createServer((socket) => {
    dialled += 1;
    socket.destroy();
  });
  const control = path.join(hub.directory, 'nobody.sock');
  await new Promise((resolve) => server.listen(control, resolve));
  t.after(() => server.close());
  assert.deepEqual(await new Runner([], { hub: control }).run(), {
    registrations: [],
    drained: true,
  });
  const runner = new Runner([unit('early', '/early')], { hub: control });
  await runner.shutdown();
  const { registrations, drained } = await runner.run();
  assert.equal(drained, true);
  assert.deepEqual(
    registrations.map(({ identity, reason }) => [identity, reason.name]),
    [['early', 'shutdown']],
  );
  assert.equal(dialled, 0);
});

test('r05: one that is refused or fails takes nobody with it, and the report says why', async (t) => {
  const good = unit('good', '/good');
  const refused = unit('never.in', '/never', undefined, { instance: 'a' });
  const waiting = unit('late.in', '/late', undefined, { instance: 'a' });
  const failing = unit('failing', '/failing', () => {
    throw new Error('it fails');
  });
  const { runner, report } = running(t, [refused, good, waiting, failing]);
  await good.live();
  await assert.rejects(refused.live(), { kind: 'refused', message: /never\.in\.a/ });
  await eventually(() => waiting.state === 'waiting', 'that it waits');
  await failing.live();
  assert.equal((await ask('/failing')).status, 500);
  assert.equal((await ask('/good')).text, 'good');
  assert.equal((await ask('/never')).status, 404);
  assert.equal(refused.state, 'refused');
  assert.match(waiting.metrics().reason, /./);
  await runner.shutdown();
  const told = await report;
  assert.deepEqual(
    told.registrations.map(({ identity, reason }) => [identity, reason.name]),
    [
      ['never.in.a', 'refused'],
      ['good', 'shutdown'],
      ['late.in.a', 'shutdown'],
      ['failing', 'shutdown'],
    ],
  );
  assert.match(told.registrations[0].reason.text, /never\.in\.a|not/);
  assert.equal(told.registrations[3].metrics.failed, 1);
});

test('r05: when all were refused for good it ends by itself', async (t) => {
  const { report } = running(t, [unit('never.a', '/never-a'), unit('never.b', '/never-b')]);
  const { registrations } = await report;
  assert.deepEqual(
    registrations.map(({ reason }) => reason.name),
    ['refused', 'refused'],
  );
});

test('r06: the limit of each is kept, and the rest waits in the hub', async (t) => {
  const counts = new Map();
  const full = deferred();
  const open = deferred();
  const limited = (name, limit) => {
    const count = { inHand: 0, most: 0 };
    counts.set(name, count);
    return unit(
      name,
      `/${name}`,
      async () => {
        count.inHand += 1;
        count.most = Math.max(count.most, count.inHand);
        if ([...counts].every(([, { inHand }], i) => inHand === [2, 3][i])) full.resolve();
        await open.promise;
        count.inHand -= 1;
        return name;
      },
      { maxConcurrent: limit },
    );
  };
  const units = [limited('two', 2), limited('three', 3)];
  running(t, units);
  await Promise.all(units.map((one) => one.live()));
  const asked = ['two', 'three'].flatMap((name) =>
    Array.from({ length: 10 }, () => ask(`/${name}`)),
  );
  await full.promise;
  assert.deepEqual(
    units.map((one) => [one.metrics().received, one.metrics().inFlight]),
    [
      [2, 2],
      [3, 3],
    ],
  );
  open.resolve();
  for (const answer of await Promise.all(asked)) assert.equal(answer.status, 200);
  assert.deepEqual(
    [...counts].map(([, { most }]) => most),
    [2, 3],
  );
});

test('r07: a shutdown is seen when the hub never answers, and when it is not there', async (t) => {
  const sockets = new Set();
  const server = net.createServer((socket) => sockets.add(socket));
  const silent = path.join(hub.directory, 'silent.sock');
  await new Promise((resolve) => server.listen(silent, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  for (const control of [silent, path.join(hub.directory, 'none.sock')]) {
    const { runner, report } = running(t, [unit('patient', '/patient')], { hub: control });
    if (control === silent) await eventually(() => sockets.size > 0, 'that it dials');
    const begin = performance.now();
    await runner.shutdown();
    const { registrations } = await report;
    assert.ok(performance.now() - begin < 1000, 'under 1 s, by R07');
    assert.equal(registrations[0].reason.name, 'shutdown');
  }
});

test('r07: a drain delivers what is in hand, and the counts agree', async (t) => {
  const begun = deferred();
  const open = deferred();
  const slow = unit('slow', '/slow', async () => {
    begun.resolve();
    await open.promise;
    return 'slow';
  });
  const { runner, report } = running(t, [slow]);
  await slow.live();
  const answer = ask('/slow');
  await begun.promise;
  const down = runner.shutdown();
  open.resolve();
  await down;
  assert.equal((await answer).text, 'slow');
  const { registrations, drained } = await report;
  assert.equal(drained, true);
  const { received, processed, failed, inFlight } = registrations[0].metrics;
  assert.deepEqual(
    { received, processed, failed, inFlight },
    {
      received: 1,
      processed: 1,
      failed: 0,
      inFlight: 0,
    },
  );
});

test('r07: a drain whose deadline passes is told', async (t) => {
  const begun = deferred();
  const stuck = unit('stuck', '/stuck', () => {
    begun.resolve();
    return new Promise(() => {});
  });
  const { runner, report } = running(t, [stuck], { drainDeadline: 0.1 });
  await stuck.live();
  const answer = ask('/stuck');
  await begun.promise;
  await runner.shutdown();
  assert.equal((await report).drained, false);
  assert.ok((await answer).status >= 500);
});

test('r10: each has its own counts', async (t) => {
  const post = new Unit('counted', { instance: 'a' })
    .post('/counted', async (req) => (await req.text()).toUpperCase())
    .get('/counted', () => {
      throw new Error('it fails');
    })
    .activity('counted/work', 'x', () => 'done');
  const other = unit('other', '/other-counted');
  const { runner } = running(t, [post, other]);
  await Promise.all([post.live(), other.live()]);
  const caller = new Worker('caller', { hub: hub.control });
  const calling = await caller.start();
  t.after(() => calling.close());
  for (let i = 0; i < 3; i++) {
    assert.equal((await ask('/counted', { method: 'POST', body: 'hello' })).text, 'HELLO');
  }
  assert.equal((await ask('/counted')).status, 500);
  assert.equal((await caller.call('counted/work', 'x')).text(), 'done');
  await eventually(() => post.metrics().inFlight === 0, 'that nothing is in hand');
  const metrics = post.metrics();
  assert.equal(metrics.identity, 'counted.a');
  assert.equal(metrics.state, 'live');
  const { received, processed, failed, bytesIn, reconnects, disconnects } = metrics;
  assert.deepEqual(
    { received, processed, failed, bytesIn, reconnects, disconnects },
    { received: 5, processed: 4, failed: 1, bytesIn: 15, reconnects: 0, disconnects: 0 },
  );
  assert.ok(metrics.bytesOut >= 19);
  assert.equal(metrics.ending, undefined);
  assert.equal(other.metrics().received, 0);
  assert.deepEqual(
    runner.metrics().map(({ name, received }) => [name, received]),
    [
      ['counted', 5],
      ['other', 0],
    ],
  );
});

test('r10: a hub that goes: disconnects, reconnects, and why', async (t) => {
  const own = await new Hub().start();
  t.after(() => own.remove());
  const one = unit('one', '/one');
  const two = unit('two', '/two', undefined, { instance: 'b' });
  running(t, [one, two], { hub: own.control });
  await Promise.all([one.live(), two.live()]);
  await own.end('SIGKILL');
  await eventually(() => one.metrics().disconnects === 1, 'that it is without a hub');
  assert.equal(one.metrics().lastDisconnect.name, 'hub_closed');
  await own.start();
  await Promise.all([one.live(), two.live()]);
  assert.deepEqual(
    [one, two].map((each) => each.metrics().reconnects),
    [1, 1],
  );
  assert.equal((await fetch(own.port, { target: '/two' })).text, 'two');
});

test('added while it runs, if that was asked for, and withdrawn alone', async (t) => {
  const first = unit('first', '/first');
  const { runner, report } = running(t, [first], { hotAdd: true });
  await first.live();
  const second = unit('second', '/second').activity('hot/work', 'x', () => 'hot');
  runner.add(second);
  await second.live();
  assert.equal((await ask('/second')).text, 'second');
  assert.equal((await runner.call('hot/work', 'x')).text(), 'hot');
  assert.throws(() => runner.add(second), { kind: 'invalid_argument' });
  const metrics = await runner.withdraw(first);
  assert.equal(metrics.ending.name, 'withdrawn');
  assert.equal(first.state, 'gone');
  assert.equal((await ask('/first')).status, 404);
  assert.equal((await ask('/second')).text, 'second');
  // The name is free again, also when nobody is left meanwhile.
  await runner.withdraw('second');
  const again = unit('first', '/first', () => 'again');
  runner.add(again);
  await again.live();
  assert.equal((await ask('/first')).text, 'again');
  await assert.rejects(runner.withdraw('second'), { kind: 'invalid_argument' });
  await runner.shutdown();
  assert.deepEqual(
    (await report).registrations.map(({ identity, reason }) => [identity, reason.name]),
    [
      ['first', 'shutdown'],
      ['first', 'withdrawn'],
      ['second', 'withdrawn'],
    ],
  );
});

test('a unit that is withdrawn finishes what is in hand', async (t) => {
  const begun = deferred();
  const open = deferred();
  const slow = unit('leaving', '/leaving', async () => {
    begun.resolve();
    await open.promise;
    return 'left';
  });
  const { runner, report } = running(t, [slow]);
  await slow.live();
  const answer = ask('/leaving');
  await begun.promise;
  const withdrawn = runner.withdraw(slow);
  await eventually(async () => (await ask('/leaving')).status === 404, 'that nothing new comes');
  assert.equal(slow.state, 'withdrawing');
  open.resolve();
  assert.equal((await answer).text, 'left');
  assert.equal((await withdrawn).processed, 1);
  // It was the last.
  assert.equal((await report).registrations[0].reason.name, 'withdrawn');
});

test('100 registrations over one connection, each drained alone', async (t) => {
  const units = Array.from({ length: 100 }, (_, i) => {
    const [name, instance] = [`many.n${i}`, `i${i}`];
    return unit(name, `/many/${i}`, () => `${i}`, { instance, maxConcurrent: 2 });
  });
  const { runner, report } = running(t, units);
  await Promise.all(units.map((one) => one.live()));
  assert.equal(runner._crews.length, 1);
  const answers = await Promise.all(units.map((_, i) => ask(`/many/${i}`)));
  answers.forEach(({ text }, i) => assert.equal(text, String(i)));
  for (let i = 0; i < 100; i++) {
    const { processed } = await runner.withdraw(units[i]);
    // The last one was asked after each of the others.
    assert.equal(processed, i < 99 ? 1 : 100);
    assert.equal((await ask(`/many/${i}`)).status, 404);
    if (i < 99) assert.equal((await ask(`/many/${99}`)).text, '99');
  }
  const { registrations } = await report;
  assert.ok(registrations.every(({ reason }) => reason.name === 'withdrawn'));
});

test('more slots than a region has: several connections', async (t) => {
  const units = ['a', 'b', 'c'].map((name) =>
    unit(`wide.${name}`, `/wide/${name}`, undefined, { maxConcurrent: 20 }),
  );
  const { runner } = running(t, units, { slots: 8, maxSlotsPerRegion: 40 });
  await Promise.all(units.map((one) => one.live()));
  assert.deepEqual(
    runner._crews.map(({ slots, units: { length } }) => [slots, length]),
    [
      [40, 2],
      [20, 1],
    ],
  );
  for (const name of ['a', 'b', 'c']) {
    assert.equal((await ask(`/wide/${name}`)).text, `wide.${name}`);
  }
  const wide = unit('wide.d', '/wide/d', undefined, { maxConcurrent: 41 });
  const alone = new Runner([wide], { hub: hub.control, maxSlotsPerRegion: 40 });
  await assert.rejects(alone.run(), { kind: 'invalid_argument', message: /wide\.d/ });
});

test('units publish, subscribe and call through their runner', async (t) => {
  const heard = deferred();
  const one = new Unit('talks').activity('talk/work', 'x', () => 'talked');
  const { runner } = running(t, [one]);
  await one.live();
  await runner.on('talk.*', (event) => heard.resolve(event.text())).live();
  assert.equal(runner.publish('talk.all', (await runner.call('talk/work', 'x')).text()), true);
  assert.equal(await heard.promise, 'talked');
});

test('a process of units ends with a signal', async (t) => {
  const file = path.join(__dirname, 'programs', 'units.mjs');
  const program = new Process(process.execPath, ['--trace-warnings', file], {
    env: { SLOTWAY_HUB: hub.control },
  });
  t.after(() => program.over || program.terminate('SIGKILL'));
  await program.waitLine(/^live$/);
  assert.equal((await ask('/units/b')).text, 'b');
  assert.equal(await program.terminate(), 0, program.said('it did not end well'));
  assert.deepEqual(program.lines, ['live', 'units.a: shutdown 0', 'units.b: shutdown 1']);
});

test('what cannot be is told', () => {
  assert.throws(() => new Runner(['name']), TypeError);
  assert.throws(() => new Runner([], { instance: 'a' }), TypeError);
  assert.throws(() => new Runner([], { slot: 7 }), TypeError);
  assert.throws(() => new Unit('a', { instances: 'a' }), TypeError);
  const one = unit('one', '/one');
  new Runner([one]);
  assert.throws(() => new Runner().add(one), { kind: 'out_of_order', message: /with a runner/ });
});
