'use strict';
// Goal: 200,000 requests leave nothing behind, neither in the heap nor outside of it, and node
// has nothing to warn of.

const assert = require('node:assert/strict');
const http = require('node:http');
const { after, before, test } = require('node:test');

const { Hub } = require('./support/hub.js');
const { slotway } = require('./support/process.js');

const ROUNDS = 10;
const REQUESTS = 20_000;
const CONNECTIONS = 64;
/** What the heap may grow by over all rounds but the first two, and the rest of the process. */
const HEAP_BYTES = 4 << 20;
const RESIDENT_BYTES = 24 << 20;

let hub;

before(async () => {
  hub = await new Hub().start();
});

after(() => hub?.remove());

/** One request; what it sends and how it is answered depends on its number. */
function ask(agent, i) {
  const body = i % 4 === 0 ? 'x'.repeat((i * 37) % 9000) : null;
  const method = body === null ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        port: hub.port,
        path: `/leaks?${i}`,
        method,
        agent,
        headers: body ? { 'content-length': body.length } : {},
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function round(agent) {
  let next = 0;
  const one = async () => {
    while (next < REQUESTS) {
      const status = await ask(agent, next++);
      if (status !== 200) throw new Error(`status ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

function usage(agent) {
  return new Promise((resolve, reject) => {
    http
      .get({ port: hub.port, path: '/leaks/usage', agent }, (response) => {
        let text = '';
        response.on('data', (data) => (text += data));
        response.on('end', () => resolve(JSON.parse(text)));
      })
      .on('error', reject);
  });
}

test('heap and memory are flat over 200,000 requests', { timeout: 480_000 }, async (t) => {
  const env = { NODE_OPTIONS: '--expose-gc', NODE_ENV: 'production' };
  const given = ['--name', 'leaks', '--route', '/leaks', '--route', '/leaks/usage'];
  const server = slotway(hub, 'memory_site.js', given, { env });
  t.after(() => server.remove());
  await server.waitLine(/serving as/);
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  t.after(() => agent.destroy());
  const seen = [];
  for (let i = 0; i < ROUNDS; i++) {
    await round(agent);
    seen.push(await usage(agent));
  }
  const told = seen.map(({ heap, rss }) => `${heap >> 10} KiB of ${rss >> 10} KiB`).join(', ');
  t.diagnostic(told);
  const least = (from, to, of) => Math.min(...seen.slice(from, to).map(of));
  const grown = (of) => least(ROUNDS - 3, ROUNDS, of) - least(2, 5, of);
  assert.ok(grown(({ heap }) => heap) < HEAP_BYTES, `the heap grows: ${told}`);
  assert.ok(grown(({ rss }) => rss) < RESIDENT_BYTES, `the process grows: ${told}`);
  assert.equal(await server.terminate(), 0, server.said('it did not end well'));
  assert.deepEqual(
    server.lines.filter((line) => /^\(node:\d+\)|Warning/.test(line)),
    [],
  );
});
