'use strict';
// Several names in one worker: each route has its own handler, and each name its own limit.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { serving } = require('./support.js');

let inHand = 0;
let most = 0;

const found = serving((worker) => {
  worker
    .get('/host', { host: 'one.example' }, () => 'one.example')
    .get('/first', () => 'first')
    .get('/host', () => 'every host')
    .any('/first', (req) => `any ${req.method}`)
    .also('second', { maxConcurrent: 3 })
    .get('/limited', async () => {
      inHand += 1;
      most = Math.max(most, inHand);
      await sleep(5);
      inHand -= 1;
      return 'limited';
    })
    .get('/host', { host: '*.second.example' }, () => 'second')
    .also('third')
    .post('/first', () => 'third, post')
    .get('/third/{*rest}', (req) => req.params.rest);
});

describe('each route has its handler', () => {
  for (const [target, host, text, method] of [
    ['/first', 'a', 'first'],
    ['/first', 'a', 'any DELETE', 'DELETE'],
    ['/first', 'a', 'third, post', 'POST'],
    ['/host', 'a', 'every host'],
    ['/host', 'one.example', 'one.example'],
    ['/host', 'a.second.example', 'second'],
    ['/limited', 'a', 'limited'],
    ['/third/x/y', 'a', 'x/y'],
  ]) {
    test(`${method ?? 'GET'} ${host} ${target}`, async () => {
      const answer = await found.ask(target, { method, headers: [['Host', host]] });
      assert.equal(answer.text, text);
    });
  }
});

test('a name has so many requests in hand at most', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => found.ask('/limited')));
  assert.ok(answers.every(({ text }) => text === 'limited'));
  assert.equal(most, 3);
});

test('how the registrations stand', () => {
  for (const number of [0, 1, 2]) {
    assert.deepEqual(found.running.core.standing(number), ['live', null]);
  }
  assert.equal(found.running.core.standing(3), null);
  assert.equal(found.running.connected, true);
});
