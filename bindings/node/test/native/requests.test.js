'use strict';
// What a request's head says.

const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { describe, test } = require('node:test');

const { eventually, serving } = require('./support.js');

const facts = (req) => ({
  method: req.method,
  url: req.url,
  path: req.path,
  route: req.route,
  params: req.params,
  queryString: req.queryString,
  query: [...req.query],
  httpVersion: req.httpVersion,
  peer: req.peer,
  contentLength: req.contentLength ?? null,
  timeLeft: req.timeLeft ?? null,
  cancelled: req.cancelled,
});

const found = serving((worker) => {
  worker
    .any('/facts/{name}/{*rest}', facts)
    .get('/headers', (req) => ({
      all: [...req.headers],
      raw: req.headers.raw.length,
      first: req.headers.get('X-Twice'),
      every: req.headers.getAll('x-TWICE'),
      none: req.headers.get('x-none') ?? null,
      has: [req.headers.has('x-twice'), req.headers.has('x-none')],
    }))
    .get('/first', (req) => req.headers.get('x-twice') ?? 'none')
    .get('/other', { host: 'other.example' }, () => 'other')
    .get('/other', { host: '*.below.example' }, (req) => req.headers.get('host'))
    .any('/web/{*rest}', async (req) => 'shadowed')
    .fetch('/fetch/{*rest}', async (request) =>
      Response.json({
        method: request.method,
        url: request.url,
        twice: request.headers.get('x-twice'),
        body: await request.text(),
        same: request instanceof Request,
      }),
    )
    .fetch('/fetch-stream', async (request) => new Response(request.body));
});

test('method, path, parameters, query', async () => {
  const answer = await found.ask('/facts/a%20b/c/d%2Fe?q=1&q=2&w=%C3%BC&bare', {
    method: 'REPORT',
  });
  const told = answer.json;
  assert.equal(told.method, 'REPORT');
  assert.equal(told.url, '/facts/a%20b/c/d%2Fe?q=1&q=2&w=%C3%BC&bare');
  assert.equal(told.path, '/facts/a b/c/d/e');
  assert.equal(told.route, '/facts/{name}/{*rest}');
  assert.deepEqual(told.params, { name: 'a b', rest: 'c/d/e' });
  assert.equal(told.queryString, 'q=1&q=2&w=%C3%BC&bare');
  assert.deepEqual(told.query, [
    ['q', '1'],
    ['q', '2'],
    ['w', 'ü'],
    ['bare', ''],
  ]);
  assert.equal(told.httpVersion, '1.1');
  assert.equal(told.peer.address, '127.0.0.1');
  assert.ok(told.peer.port > 0);
  assert.equal(told.cancelled, false);
});

test('a length, and none', async () => {
  assert.equal(
    (await found.ask('/facts/a/b', { method: 'PUT', body: 'abc' })).json.contentLength,
    3,
  );
  assert.equal((await found.ask('/facts/a/b')).json.contentLength, 0);
  const chunked = { method: 'PUT', body: 'abc', headers: [['transfer-encoding', 'chunked']] };
  assert.equal((await found.ask('/facts/a/b', chunked)).json.contentLength, null);
});

test('what is not UTF-8 or no escape', async () => {
  const told = (await found.ask('/facts/%FF/%zz%4')).json;
  assert.equal(told.path, '/facts/\ufffd/%zz%4');
  assert.equal(told.params.name, '\ufffd');
});

describe('headers', () => {
  test('repeats are kept, in order, in any case of letters', async () => {
    const headers = [
      ['X-Twice', 'one'],
      ['Accept', 'x'],
      ['x-twice', 'two'],
      ['X-Latin', '\u00e9'],
    ];
    const told = (await found.ask('/headers', { headers })).json;
    assert.equal(told.first, 'one');
    assert.deepEqual(told.every, ['one', 'two']);
    assert.deepEqual(told.has, [true, false]);
    assert.equal(told.none, null);
    // The hub puts those of one name together.
    const sent = told.all.filter(([name]) => ['x-twice', 'accept', 'x-latin'].includes(name));
    assert.deepEqual(sent, [
      ['x-twice', 'one'],
      ['x-twice', 'two'],
      ['accept', 'x'],
      ['x-latin', '\u00e9'],
    ]);
    assert.equal(told.raw, told.all.length * 2);
    assert.equal((await found.ask('/first', { headers })).text, 'one');
    assert.equal((await found.ask('/first')).text, 'none');
  });

  test('more of them than usual, and with long names', async () => {
    const headers = Array.from({ length: 90 }, (_, i) => [`x-${'n'.repeat(i)}-${i}`, `value ${i}`]);
    const told = (await found.ask('/headers', { headers })).json;
    const sent = told.all.filter(([name]) => /^x-n*-\d+$/.test(name));
    assert.deepEqual(sent, headers);
  });

  test('each that has a string of its own', async () => {
    const { names } = require(
      require.resolve('slotway/package.json').replace('package.json', 'lib/native.js'),
    );
    // These are the hub's to write, or lie between it and its client.
    const own = ['connection', 'content-length', 'date', 'expect', 'forwarded', 'host'];
    own.push('keep-alive', 'max-forwards', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'via');
    own.push('traceparent', 'tracestate', 'x-request-id');
    const theirs = (name) => own.includes(name) || /^(proxy-|x-forwarded-)/.test(name);
    const headers = names.filter((name) => !theirs(name)).map((name, i) => [name, `value ${i}`]);
    assert.ok(headers.length > 30);
    const told = new Map((await found.ask('/headers', { headers })).json.all);
    for (const [name, value] of headers) assert.equal(told.get(name), value, name);
  });
});

test('hosts', async () => {
  const from = async (host) => (await found.ask('/other', { headers: [['Host', host]] })).text;
  assert.equal(await from('other.example'), 'other');
  assert.equal(await from('a.below.example'), 'a.below.example');
});

test('the form of the web', async () => {
  const headers = [
    ['Host', 'site.example'],
    ['x-twice', 'one'],
    ['x-twice', 'two'],
  ];
  const told = (await found.ask('/fetch/x%20y?z', { method: 'PUT', headers, body: 'what' })).json;
  assert.deepEqual(told, {
    method: 'PUT',
    url: 'http://site.example/fetch/x%20y?z',
    twice: 'one, two',
    body: 'what',
    same: true,
  });
  assert.equal((await found.ask('/fetch/none')).json.body, '');
  const large = Buffer.alloc(1_000_000, 'w');
  const streamed = await found.ask('/fetch-stream', { method: 'POST', body: large });
  assert.ok(streamed.body.equals(large));
});
