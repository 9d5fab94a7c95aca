'use strict';
// Goal: a worker that owns a stream hears of its clients once each, may refuse them, and what it
// pushes reaches those whom it names.

const assert = require('node:assert/strict');
const { after, before, describe } = require('node:test');

const { Worker } = require('slotway');
const { fetch } = require('../support/client.js');
const { Hub, eventually } = require('../support/hub.js');
const { test } = require('../support/limited.js');
const { listen } = require('../support/listener.js');

let hub;
let worker;
let running;
/** What was heard, in order. */
const heard = [];

/** What was heard of a client. */
const of = (connection) => heard.filter((one) => one.connection === connection);
const words = (connection) => of(connection).map(({ word }) => word);

before(async () => {
  hub = await new Hub().start();
  worker = new Worker('rooms', { hub: hub.control });
  worker
    .get('/rooms/{room}/size', () => 'an ordinary route')
    .sse('/rooms/{room}', {
      connect(client, reply) {
        const { connection, reconnect, path, params, queryString } = client;
        heard.push({
          word: 'connect',
          connection,
          reconnect,
          path,
          params: { ...params },
          queryString,
          last: client.headers.get('last-event-id'),
          forged: client.headers.getAll('slotway-sse'),
        });
        if (params.room === 'closed') return false;
        if (params.room === 'lost') return new Response('no such room', { status: 404 });
        if (params.room === 'broken') throw new Error('a connect that fails');
        if (params.room === 'slow') return new Promise((resolve) => setImmediate(resolve));
        reply.header('x-room', params.room);
        return undefined;
      },
      disconnect({ connection, params }) {
        heard.push({ word: 'disconnect', connection, params: { ...params } });
        if (params.room === 'sorry') throw new Error('a disconnect that fails');
      },
    })
    .also('more')
    .sse('/more/{one}', (client) => {
      heard.push({ word: 'more', connection: client.connection });
    });
  running = await worker.start();
});

after(async () => {
  await running?.close();
  await hub?.remove();
});

const open = async (t, path, headers) => {
  const listener = await listen(hub.port, path, headers);
  t.after(() => listener.close());
  return listener;
};

describe('connect', () => {
  test('s05_connect_says_params_query_headers_and_who_it_is', async (t) => {
    const client = await open(t, '/rooms/a%20b?x=1&y=2', {
      'last-event-id': '41',
      'slotway-sse': 'disconnect',
    });
    assert.equal(client.response.headers['content-type'], 'text/event-stream');
    assert.equal(client.response.headers['x-room'], 'a b');
    assert.deepEqual(of(client.connection), [
      {
        word: 'connect',
        connection: client.connection,
        reconnect: false,
        path: '/rooms/a b',
        params: { room: 'a b' },
        queryString: 'x=1&y=2',
        last: '41',
        forged: ['connect'],
      },
    ]);
  });

  test('s05_a_refused_client_gets_the_answer_and_no_disconnect_is_heard', async () => {
    assert.equal((await fetch(hub.port, { target: '/rooms/closed' })).status, 403);
    const lost = await fetch(hub.port, { target: '/rooms/lost' });
    assert.deepEqual([lost.status, lost.text], [404, 'no such room']);
    assert.equal((await fetch(hub.port, { target: '/rooms/broken' })).status, 500);
    const refused = ['closed', 'lost', 'broken'];
    const gone = heard.filter((one) => one.word === 'disconnect');
    assert.ok(!gone.some((one) => refused.includes(one.params.room)));
  });

  test('an answer that comes later accepts as well', async (t) => {
    const client = await open(t, '/rooms/slow');
    assert.equal(await worker.push('/rooms/slow', 'there'), 200);
    assert.equal((await client.next()).data, 'there');
  });

  test('other routes of the path are what they were', async () => {
    assert.equal((await fetch(hub.port, { target: '/rooms/x/size' })).text, 'an ordinary route');
    const head = await fetch(hub.port, { method: 'HEAD', target: '/rooms/x' });
    assert.equal(head.status, 200);
  });
});

describe('disconnect', () => {
  for (const room of ['quiet', 'sorry']) {
    test(`s04_each_client_is_heard_to_go_once (${room})`, async (t) => {
      const [one, other] = [await open(t, `/rooms/${room}`), await open(t, `/rooms/${room}`)];
      one.close();
      await eventually(() => words(one.connection).length > 1, 'the disconnect');
      assert.deepEqual(words(one.connection), ['connect', 'disconnect']);
      assert.equal(await worker.push(`/rooms/${room}`, 'still here'), 200);
      assert.equal((await other.next()).data, 'still here');
      assert.deepEqual(words(other.connection), ['connect']);
    });
  }
});

describe('push', () => {
  test('s07_push_by_path_pattern_and_connection', async (t) => {
    const [seven, also, eight] = [
      await open(t, '/rooms/7'),
      await open(t, '/rooms/7'),
      await open(t, '/rooms/8'),
    ];
    const pattern = '/rooms/{room}';
    assert.equal(await worker.push('/rooms/7', 'by path', { type: 'word', id: 'a1' }), 200);
    assert.equal(await worker.push({ pattern, params: { room: 7 } }, { by: 'pattern' }), 200);
    assert.equal(await worker.push({ connection: eight.connection }, Buffer.from('by id')), 200);
    assert.equal(await running.push({ pattern, params: { room: '8' } }, 'a\nb\r\nc'), 200);
    for (const client of [seven, also]) {
      assert.deepEqual(await client.next(), { event: 'word', id: 'a1', data: 'by path' });
      assert.equal((await client.next()).data, '{"by":"pattern"}');
    }
    assert.deepEqual(await eight.data(2), ['by id', 'a\nb\nc']);
  });

  test('s07_statuses_of_what_cannot_be_pushed', async (t) => {
    assert.equal(await worker.push('/rooms/nobody', 'x'), 404);
    assert.equal(await worker.push({ connection: '1' }, 'x'), 404);
    assert.equal(await worker.push('no path', 'x'), 400);
    const gone = await open(t, '/rooms/gone');
    gone.close();
    await eventually(() => words(gone.connection).length > 1, 'the disconnect');
    assert.equal(await worker.push({ connection: gone.connection }, 'x'), 410);
  });

  test('s07_what_is_no_push_is_said_before_it_is_sent', async () => {
    await assert.rejects(worker.push({}, 'x'), /goes to one of path, pattern, connection/);
    await assert.rejects(
      worker.push({ path: '/a', connection: '1' }),
      /given are path, connection/,
    );
    await assert.rejects(worker.push('/a', 'x', { typ: 'x' }), /a push has no typ/);
    await assert.rejects(worker.push('/a', 'x', { type: 'a\nb' }), { kind: 'invalid_argument' });
    await assert.rejects(worker.push('/a\0b', 'x'), /0x00/);
    await assert.rejects(
      worker.push({ pattern: '/rooms/{room}', params: { room: '1\0x\0y' } }, 'x'),
      /0x00/,
    );
    await assert.rejects(worker.push('/a', Symbol('x')), TypeError);
    await assert.rejects(worker.push('/a', 'x'.repeat(6 << 20)), { kind: 'too_large' });
  });

  test('s07_clients_of_a_path_and_single_ones_are_closed', async (t) => {
    const [one, other] = [await open(t, '/rooms/end'), await open(t, '/rooms/end')];
    const to = { connection: one.connection };
    assert.equal(await worker.push(to, 'farewell', { close: true }), 200);
    assert.equal((await one.next()).data, 'farewell');
    assert.equal((await one.next()).event, 'end');
    await assert.rejects(one.next(), /has ended/);
    assert.equal(await worker.push('/rooms/end', undefined, { close: true }), 200);
    assert.equal((await other.next()).event, 'end');
    for (const { connection } of [one, other]) {
      await eventually(() => words(connection).length > 1, 'the disconnect');
    }
  });

  test('a stream of a further registration, by pattern and by name', async (t) => {
    const client = await open(t, '/more/1');
    assert.equal(await worker.push({ pattern: '/more/{one}', params: { one: 1 } }, 'a'), 200);
    assert.equal(await worker.push('/more/1', 'b', { name: 'more' }), 200);
    assert.equal(await worker.push('/more/1', 'c'), 404);
    assert.deepEqual(await client.data(2), ['a', 'b']);
  });

  test('10,000 pushes without an answer come in order', async (t) => {
    const client = await open(t, '/rooms/many');
    const count = 10_000;
    const read = client.data(count);
    for (let n = 0; n < count; n++) {
      while (!worker.tryPush('/rooms/many', String(n))) await worker.ready();
    }
    assert.deepEqual(
      await read,
      Array.from({ length: count }, (_, n) => String(n)),
    );
  });
});
