'use strict';
// Each example of handlers, as its first lines say to run it.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { fetch } = require('../support/client.js');
const { Hub, eventually } = require('../support/hub.js');
const { Process } = require('../support/process.js');

let hub;

before(async () => {
  hub = await new Hub().start();
});

after(() => hub?.remove());

const ask = (target, more = {}) => fetch(hub.port, { target, ...more });

/** Runs an example until `body` is through with it. */
async function running(name, probe, body) {
  const file = path.join(__dirname, '..', '..', 'examples', name);
  const example = new Process(process.execPath, ['--trace-warnings', file], {
    env: { SLOTWAY_HUB: hub.control },
  });
  try {
    await eventually(async () => (await ask(probe)).status === 200, name);
    await body();
    assert.equal(await example.terminate(), 0);
    assert.deepEqual(example.lines, []);
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
