'use strict';
// Thousands of requests at a time, on one event loop.

const assert = require('node:assert/strict');
const http = require('node:http');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { serving } = require('./support.js');

const AT_ONCE = 2000;
const waiting = [];

const found = serving(
  (worker) => {
    worker
      .post('/echo/{n}', async (req) => {
        const body = await req.text();
        if (Number(req.params.n) % 3 === 0) await sleep(1);
        return `${req.params.n}:${body}`;
      })
      .get('/together/{n}', (req, reply) => {
        waiting.push([reply, req.params.n]);
        // All of them are in hand before the first is answered, the last of them first.
        if (waiting.length === AT_ONCE) {
          for (const [reply, n] of waiting.reverse()) reply.send(n);
        }
      });
  },
  { slots: 4096 },
);

function ask(agent, method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ port: found.hub.port, method, path, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece));
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
    });
    request.on('error', reject);
    request.end(body);
  });
}

test(`${AT_ONCE} requests in hand at once, each with its own answer`, async (t) => {
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const all = Array.from({ length: AT_ONCE }, (_, n) => ask(agent, 'GET', `/together/${n}`));
  assert.deepEqual(
    await Promise.all(all),
    Array.from(all, (_, n) => `200 ${n}`),
  );
});

test('20,000 requests over 500 connections, none of them mistaken for another', async (t) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 500 });
  t.after(() => agent.destroy());
  let next = 0;
  const one = async () => {
    while (next < 20_000) {
      const n = next++;
      const body = 'b'.repeat(n % 997);
      assert.equal(await ask(agent, 'POST', `/echo/${n}`, body), `200 ${n}:${body}`);
    }
  };
  await Promise.all(Array.from({ length: 500 }, one));
});
