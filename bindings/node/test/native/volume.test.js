'use strict';
// 100 MB each way through bounded memory, and 200,000 requests that leave nothing behind.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const http = require('node:http');
const { after, before, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { fetch } = require('../support/client.js');
const { Hub, eventually } = require('../support/hub.js');
const { complaints, program } = require('./program.js');

const BYTES = 100 << 20;
/** What a body may take while it passes. All of it at once would be several times this. */
const ROOM = 40 << 20;
const REQUESTS = Number(process.env.SLOTWAY_REQUESTS ?? 200_000);

let hub;
let worker;

before(async () => {
  hub = await new Hub().start();
  worker = program(hub, { slots: 256 });
  await eventually(async () => (await ask('/').catch(() => ({}))).status === 200, 'the worker');
});

after(async () => {
  await worker?.remove();
  await hub?.remove();
});

const ask = (target, more = {}) => fetch(hub.port, { target, ...more });
const memory = async () => (await ask('/memory')).json;

function request(method, path) {
  const request = http.request({ port: hub.port, method, path, agent: false });
  const response = new Promise((resolve, reject) => {
    request.on('response', resolve).on('error', reject);
  });
  return { request, response };
}

/** Writes so many bytes as fast as they are taken. */
async function pour(request, bytes, sha) {
  const piece = Buffer.alloc(1 << 20);
  for (let i = 0; i < bytes / piece.length; i++) {
    piece.fill(i & 0xff);
    sha?.update(piece);
    if (!request.write(Buffer.from(piece)))
      await new Promise((resolve) => request.once('drain', resolve));
  }
  request.end();
}

async function count(response, sha) {
  let length = 0;
  for await (const piece of response) {
    sha?.update(piece);
    length += piece.length;
  }
  return length;
}

test('100 MB to a worker that reads', async () => {
  const { rss } = await memory();
  const sha = createHash('sha256');
  const { request: put, response } = request('PUT', '/digest');
  await pour(put, BYTES, sha);
  let text = '';
  for await (const piece of await response) text += piece;
  assert.deepEqual(JSON.parse(text), { length: BYTES, digest: sha.digest('hex') });
  const { peak } = await memory();
  assert.ok(peak - rss < ROOM, `${rss >> 20} MiB became ${peak >> 20} MiB`);
});

test('100 MB from a worker to a client that takes its time', async () => {
  const { rss } = await memory();
  const { request: get, response } = request('GET', `/bytes/${BYTES}`);
  get.end();
  const body = await response;
  // Meanwhile it is held up, and not stored.
  await sleep(300);
  assert.equal(await count(body), BYTES);
  const { peak } = await memory();
  assert.ok(peak - rss < ROOM, `${rss >> 20} MiB became ${peak >> 20} MiB`);
});

test('100 MB there and back at once', async () => {
  const { rss } = await memory();
  const there = createHash('sha256');
  const back = createHash('sha256');
  const { request: put, response } = request('PUT', '/echo');
  const poured = pour(put, BYTES, there);
  assert.equal(await count(await response, back), BYTES);
  await poured;
  assert.equal(back.digest('hex'), there.digest('hex'));
  const { peak } = await memory();
  assert.ok(peak - rss < ROOM, `${rss >> 20} MiB became ${peak >> 20} MiB`);
});

test(`${REQUESTS} requests leave heap and memory as they were`, async (t) => {
  const ROUNDS = 10;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  t.after(() => agent.destroy());
  const one = (n) =>
    new Promise((resolve, reject) => {
      const post = n % 2 === 0;
      const body = JSON.stringify({ n, text: 'x'.repeat(n % 3000) });
      const options = {
        port: hub.port,
        path: post ? '/json' : '/',
        method: post ? 'POST' : 'GET',
        agent,
      };
      const sent = http.request(options, (response) => {
        response
          .resume()
          .on('end', () => resolve(response.statusCode))
          .on('error', reject);
      });
      sent.on('error', reject).end(post ? body : undefined);
    });
  const seen = [];
  for (let round = 0; round < ROUNDS; round++) {
    let next = 0;
    const client = async () => {
      while (next < REQUESTS / ROUNDS) assert.equal(await one(next++), 200);
    };
    await Promise.all(Array.from({ length: 64 }, client));
    seen.push(await memory());
  }
  const told = seen.map(({ heap, rss }) => `${heap >> 10} KiB of ${rss >> 10} KiB`).join(', ');
  t.diagnostic(told);
  // A hundred bytes that each request left would be 10 MB by the end.
  const least = (from, to, of) => Math.min(...seen.slice(from, to).map(of));
  const grown = (of) => least(ROUNDS - 3, ROUNDS, of) - least(2, 5, of);
  assert.ok(grown(({ heap }) => heap) < 2 << 20, `the heap grows: ${told}`);
  assert.ok(grown(({ rss }) => rss) < 24 << 20, `the process grows: ${told}`);
});

test('and it ends without a complaint', async () => {
  assert.equal(await worker.terminate(), 0);
  assert.deepEqual(complaints(worker), []);
});
