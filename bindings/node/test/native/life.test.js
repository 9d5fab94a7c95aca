'use strict';
// How workers begin and end, and hubs, and what is left of it.

const assert = require('node:assert/strict');
const http = require('node:http');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Worker: Thread } = require('node:worker_threads');

const { Worker } = require('slotway');
const { fetch } = require('../support/client.js');
const { Hub, eventually } = require('../support/hub.js');
const { complaints, program } = require('./program.js');

let hub;

before(async () => {
  hub = await new Hub().start();
});

after(() => hub?.remove());

const ask = (target, more = {}) => fetch(hub.port, { target, ...more });
const serves = async () => (await ask('/').catch(() => ({}))).status === 200;
const nobody = async () => (await ask('/')).status !== 200;
const kill = (worker) => worker.process.kill('SIGKILL');

/** A worker in a process, once it serves. */
async function started(t, options) {
  await eventually(nobody, 'the end of the workers before');
  const worker = program(hub, options);
  // What a handler holds, a drain does not end.
  t.after(() => worker.over || kill(worker));
  await eventually(serves, "the worker's start");
  return worker;
}

test('SIGTERM drains: what is in hand is answered, and nothing holds the process', async (t) => {
  const worker = await started(t);
  const slow = ask('/slow/300');
  await worker.waitLine(/^slow$/);
  assert.equal(await worker.terminate(), 0);
  assert.equal((await slow).text, 'slow');
  assert.ok(worker.lines.includes('ended'));
  assert.deepEqual(complaints(worker), []);
});

test('a second signal does not wait', async (t) => {
  const worker = await started(t);
  const stays = ask('/stay');
  await worker.waitLine(/^stays$/);
  worker.process.kill('SIGTERM');
  await worker.waitLine(/SIGTERM: draining/);
  worker.process.kill('SIGINT');
  assert.ok((await stays).status >= 500);
  // The handler that stays keeps the process, and not the worker.
  await worker.waitLine(/failed: timeout/);
});

test('a drain has a deadline', async (t) => {
  const worker = await started(t, { drainDeadline: 0.2 });
  const stays = ask('/stay');
  await worker.waitLine(/^stays$/);
  worker.process.kill('SIGTERM');
  await worker.waitLine(/failed: timeout: the drain's deadline passed/);
  assert.ok((await stays).status >= 500);
});

test('start and shutdown, without signals of its own', async (t) => {
  const worker = await started(t, { kind: 'start' });
  // It serves before its program knows, which is who hears signals.
  await worker.waitLine(/^started$/);
  assert.equal(await worker.terminate(), 0);
  assert.deepEqual(complaints(worker), []);
});

test('one that is asked to lets the process end', async (t) => {
  const worker = program(hub, { kind: 'unref' });
  t.after(() => worker.remove());
  assert.equal(await worker.wait(), 0);
  assert.deepEqual(complaints(worker), []);
});

test('process.exit ends it at once', async (t) => {
  const worker = program(hub, { kind: 'exit' });
  t.after(() => worker.remove());
  assert.equal(await worker.wait(), 7);
  assert.deepEqual(complaints(worker), []);
});

test('a worker that is killed: 502 or 503 for its requests, and the next one serves', async (t) => {
  const worker = await started(t);
  const stays = ask('/stay');
  await worker.waitLine(/^stays$/);
  kill(worker);
  const { status } = await stays;
  assert.ok(status === 502 || status === 503, String(status));
  const next = await started(t);
  assert.equal((await ask('/pid')).text, String(next.pid));
});

test('a hub that is killed: requests in hand are over, and the worker comes back', async (t) => {
  const worker = await started(t);
  const stays = ask('/stay').catch((error) => error);
  await worker.waitLine(/^stays$/);
  await hub.end('SIGKILL');
  assert.ok((await stays) instanceof Error);
  await hub.start();
  await eventually(serves, "the worker's return");
  assert.equal((await ask('/pid')).text, String(worker.pid));
  assert.deepEqual(
    complaints(worker).filter((line) => !/^slotway: warn:/.test(line)),
    [],
  );
});

test('without a hub', async (t) => {
  const none = { control: path.join(hub.directory, 'none.sock') };
  const once = program(none, { connect: 'once' });
  t.after(() => once.remove());
  assert.equal(await once.wait(), 3);
  assert.match(once.said(''), /failed: io: .*none\.sock/);
  const within = program(none, { connect: 0.2, kind: 'start' });
  t.after(() => within.remove());
  assert.equal(await within.wait(), 3);
  // One that would wait for ever ends when it is told to.
  const patient = program(none);
  t.after(() => patient.remove());
  await patient.waitLine(/none\.sock/);
  assert.equal(await patient.terminate(), 0);
});

test('two workers in one process, of two names, and one on a thread that is ended', async (t) => {
  await eventually(nobody, 'the end of the workers before');
  const workers = ['one', 'two'].map((name) =>
    new Worker(name, { hub: hub.control }).get(`/${name}`, () => name),
  );
  const running = await Promise.all(workers.map((worker) => worker.start()));
  const package_ = JSON.stringify(require.resolve('slotway'));
  const code = `
    const { Worker } = require(${package_});
    const worker = new Worker('thread', { hub: ${JSON.stringify(hub.control)} });
    worker.get('/thread', () => 'thread').get('/stay', () => {});
    const { parentPort } = require('node:worker_threads');
    worker.start().then(() => parentPort.postMessage('live'));
  `;
  for (let round = 0; round < 3; round++) {
    const thread = new Thread(code, { eval: true });
    await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
    for (const name of ['one', 'two', 'thread']) assert.equal((await ask(`/${name}`)).text, name);
    const stays = ask('/stay');
    await eventually(async () => (await ask('/thread')).status === 200, 'the thread');
    await thread.terminate();
    assert.ok((await stays).status >= 500);
    await eventually(async () => (await ask('/thread')).status !== 200, "the thread's end");
  }
  assert.equal((await ask('/one')).text, 'one');
  await Promise.all(running.map((one) => one.shutdown()));
});

test('a newer generation takes the place of an older one', async (t) => {
  await eventually(nobody, 'the end of the workers before');
  const of = (generation) =>
    new Worker('age', { hub: hub.control, generation }).get('/', () => `of ${generation}`);
  const old = await of(1).start();
  assert.equal((await ask('/')).text, 'of 1');
  const young = await of(2).start();
  await old.closed;
  assert.equal((await ask('/')).text, 'of 2');
  await young.shutdown();
});
