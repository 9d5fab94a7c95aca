'use strict';
// A request's body: whole, in pieces, kept, cut off.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { text } = require('node:stream/consumers');
const { describe, test } = require('node:test');

const { BadBody } = require('slotway');
const { eventually, listening, serving } = require('./support.js');

/** Bodies that handlers kept, and what they were when they did. */
const kept = [];
/** What those were told who read what another reads. */
const refused = [];
/** What reading gave in the end, by the query. */
const ended = new Map();

const found = serving((worker) => {
  worker
    .post('/bytes', (req) => req.bytes())
    .post('/text', (req) => req.text())
    .post('/json', async (req) => ({ got: await req.json() }))
    .post('/stream', (req) => req.stream())
    .post('/pieces', async function* (req) {
      yield* req;
    })
    .post('/consumed', async (req) => text(req.stream()))
    .post('/again', async (req) => [await req.text(), await req.text(), (await req.bytes()).length])
    .post('/both', async (req) => {
      const whole = await req.bytes();
      const errors = [];
      for (const read of [() => req.stream(), async () => req[Symbol.asyncIterator]().next()]) {
        await Promise.resolve()
          .then(read)
          .catch((error) => errors.push(error.kind));
      }
      return { length: whole.length, errors };
    })
    .post('/two-readers', async (req) => {
      const readers = [req[Symbol.asyncIterator](), req[Symbol.asyncIterator]()];
      const reads = readers.map((reader) => reader.next());
      reads[1].catch((error) => refused.push(error));
      const results = await Promise.allSettled(reads);
      return results.map((result) => result.reason?.kind ?? 'read');
    })
    .post('/ignored', () => 'not read')
    .post('/caught', async (req) => {
      try {
        return await req.json();
      } catch (error) {
        return { bad: error instanceof BadBody, code: error.code };
      }
    })
    .post('/keep', async (req, reply) => {
      const bytes = await req.bytes();
      kept.push([bytes, bytes.toString('latin1')]);
      return { length: bytes.length };
    })
    .post('/after', async (req, reply) => {
      await reply.send('answered');
      const late = {};
      for (const read of ['bytes', 'text', 'json']) {
        await req[read]().catch((error) => (late[read] = error.kind));
      }
      try {
        void req.path;
      } catch (error) {
        late.path = error.kind;
      }
      ended.set('after', late);
    })
    .post('/cut', async (req) => {
      const how = req.query.get('how');
      try {
        ended.set(
          how,
          how === 'stream' ? (await text(req.stream())).length : (await req.bytes()).length,
        );
      } catch (error) {
        ended.set(how, error.kind);
        throw error;
      }
      return 'whole';
    });
});

const post = (target, body, headers) => found.ask(target, { method: 'POST', body, headers });

/** A body of which each byte says where it is. */
function pattern(length) {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

describe('bodies of every size, in every way', () => {
  for (const length of [0, 1, 4095, 65_535, 65_536, 65_537, 200_000, 3_000_001]) {
    for (const chunked of [false, true]) {
      test(`${length} bytes${chunked ? ', chunked' : ''}`, async () => {
        const body = pattern(length);
        const headers = chunked ? [['transfer-encoding', 'chunked']] : [];
        for (const target of ['/bytes', '/stream', '/pieces']) {
          const answer = await post(target, body, headers);
          assert.equal(answer.status, 200, target);
          assert.ok(answer.body.equals(body), target);
        }
        const letters = body.toString('latin1').replace(/[^a-z]/g, 'ü');
        const answer = await post('/text', letters, headers);
        assert.equal(answer.text, letters);
        const consumed = await post('/consumed', letters, headers);
        assert.equal(consumed.text, letters);
      });
    }
  }
});

test('JSON', async () => {
  assert.deepEqual((await post('/json', '{"a":[1,"ü"]}')).json, { got: { a: [1, 'ü'] } });
  const large = JSON.stringify(Array.from({ length: 50_000 }, (_, i) => i));
  assert.equal(JSON.stringify((await post('/json', large)).json.got), large);
});

test('a body that is not what was asked for is the client’s fault', async () => {
  const errors = listening('error');
  for (const [target, body, why] of [
    ['/json', '{"a":', /not JSON/],
    ['/json', '', /not JSON/],
    ['/json', Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/],
    ['/text', Buffer.from([0xc3]), /not UTF-8/],
    ['/text', Buffer.concat([Buffer.alloc(100_000, 'a'), Buffer.from([0xc3])]), /not UTF-8/],
  ]) {
    const answer = await post(target, body);
    assert.equal(answer.status, 400);
    assert.equal(answer.json.code, 'bad_body');
    assert.match(answer.json.detail, why);
  }
  assert.deepEqual((await post('/caught', '{')).json, { bad: true, code: -1 });
  assert.deepEqual(errors(), []);
});

test('whole as often as one likes, or in pieces, and by one reader', async () => {
  assert.deepEqual((await post('/again', 'abc')).json, ['abc', 'abc', 3]);
  const large = 'x'.repeat(100_000);
  assert.deepEqual((await post('/again', large)).json, [large, large, 100_000]);
  assert.deepEqual((await post('/both', 'abc')).json, {
    length: 3,
    errors: ['out_of_order', 'out_of_order'],
  });
});

test('two that wait for the same body are told', async () => {
  const errors = listening('error');
  const socket = net.connect(found.hub.port, '127.0.0.1');
  socket.write('POST /two-readers HTTP/1.1\r\nhost: a\r\ncontent-length: 300000\r\n\r\n');
  // Both wait; the second is refused, and the first goes on.
  await eventually(() => refused.length > 0, 'the refusal');
  socket.write('x'.repeat(300_000));
  const [data] = await once(socket, 'data');
  assert.match(data.toString(), /\["read","out_of_order"\]/);
  assert.deepEqual(errors(), []);
  socket.destroy();
});

test('a body that nobody reads holds nothing up', async () => {
  for (let i = 0; i < 20; i++)
    assert.equal((await post('/ignored', pattern(300_000))).text, 'not read');
});

test("what is kept of a body is the handler's, whatever comes after", async () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  await Promise.all(
    Array.from({ length: 200 }, (_, i) => post('/keep', letters[i % 26].repeat(1 + i * 97))),
  );
  // The slots have seen others meanwhile.
  await Promise.all(Array.from({ length: 200 }, () => post('/bytes', Buffer.alloc(20_000, '?'))));
  assert.equal(kept.length, 200);
  for (const [bytes, was] of kept) assert.equal(bytes.toString('latin1'), was);
});

test('after the answer there is no request to be asked', async () => {
  assert.equal((await post('/after', 'abc')).text, 'answered');
  const late = await eventually(() => ended.get('after'), 'the end of the handler');
  assert.deepEqual(late, {
    bytes: 'already_answered',
    text: 'already_answered',
    json: 'already_answered',
    path: 'already_answered',
  });
});

describe('a body that its client cuts off', () => {
  for (const how of ['stream', 'bytes']) {
    test(how, async () => {
      const errors = listening('error');
      const socket = net.connect(found.hub.port, '127.0.0.1');
      const head = `POST /cut?how=${how} HTTP/1.1\r\nhost: a\r\ncontent-length: 200000\r\n\r\n`;
      socket.write(head + 'x'.repeat(100_000));
      await once(socket, 'connect');
      await eventually(() => socket.writableLength === 0, 'the body on its way');
      socket.destroy();
      const kind = await eventually(() => ended.get(how), 'the end of the body');
      assert.ok(['cancelled', 'body_aborted'].includes(kind), kind);
      assert.deepEqual(
        errors().filter((line) => !/body/.test(line.error?.message)),
        [],
      );
    });
  }
});
