'use strict';
// Goal: the examples of applications do what they say.

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, before } = require('node:test');

const { fetch } = require('./support/client.js');
const { Hub } = require('./support/hub.js');
const { test } = require('./support/limited.js');
const { Process, slotway } = require('./support/process.js');

const EXAMPLES = path.join(__dirname, '..', 'examples');

let hub;

before(async () => {
  hub = await new Hub().start();
});

after(() => hub?.remove());

const JSON_TYPE = [['Content-Type', 'application/json']];

async function greets() {
  const found = await fetch(hub.port, { target: '/hello/you%20there' });
  assert.equal(found.text, 'hello, you there');
}

async function adds() {
  const ask = {
    method: 'POST',
    target: '/sum',
    headers: JSON_TYPE,
    body: '{"numbers": [1, 2, 4]}',
  };
  assert.deepEqual((await fetch(hub.port, ask)).json, { sum: 7 });
}

for (const file of ['express_app.js', 'fastify_app.mjs', 'fetch_app.mjs']) {
  test(`${file} is served by the command`, async (t) => {
    const process = slotway(hub, file, [], { cwd: EXAMPLES });
    t.after(() => process.remove());
    await process.waitLine(/serving as/);
    await greets();
    await adds();
    assert.equal(await process.terminate(), 0, process.said('it did not end well'));
  });
}

test('koa_app.js serves itself, and drains when it is told to end', async (t) => {
  const env = { SLOTWAY_HUB: hub.control };
  const given = ['--trace-warnings', path.join(EXAMPLES, 'koa_app.js')];
  const program = new Process(process.execPath, given, { cwd: EXAMPLES, env });
  t.after(() => program.remove());
  await program.waitLine(/ready/);
  await greets();
  const found = await fetch(hub.port, { target: '/hello/again' });
  assert.match(found.header('server-timing'), /^app;dur=\d/);
  assert.equal(await program.terminate(), 0, program.said('it did not end well'));
  assert.ok(!program.lines.some((line) => line.includes('Warning')), program.said('a warning'));
});
