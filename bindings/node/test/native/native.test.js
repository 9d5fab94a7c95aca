'use strict';
// The layer below, with arguments that `lib` never gives it: it throws, and never breaks down.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');

const { serving } = require('./support.js');

const lib = path.join(path.dirname(require.resolve('slotway/package.json')), 'lib');
const native = require(path.join(lib, 'native.js'));

let inHand;

const found = serving((worker) => {
  worker
    .get('/text', (req) => {
      inHand = req.exchange.number;
      return 'text';
    })
    .post('/junk', async (req) => {
      const { core, number } = req.exchange;
      return [...junk(core, number)];
    })
    .get('/stale', (req) => {
      const { core, number } = req.exchange;
      const told = [];
      for (const call of [
        () => core.method(inHand),
        () => core.respond(inHand, 200, 0, null, 'not his answer'),
        () => core.read(inHand, Buffer.alloc(10), 0),
        () => core.abort(inHand),
        () => core.start(inHand, 200, 0, null),
      ]) {
        try {
          told.push(call());
        } catch (error) {
          told.push(error.kind);
        }
      }
      core.drop(inHand);
      const index = (one) => one & ((1 << 17) - 1);
      return {
        told,
        reused: index(number) === index(inHand),
        open: core.open(number),
        cancelled: core.cancelled(inHand),
      };
    });
});

/** Values that are nothing that a function here wants. */
const VALUES = [
  undefined,
  null,
  true,
  -1,
  1e300,
  NaN,
  '',
  'text',
  Symbol('symbol'),
  10n,
  {},
  [],
  () => {},
  new Int32Array(0),
  new Int32Array(1),
  new Uint8Array(0),
  new Float64Array(3),
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(8),
  new Uint8Array(new SharedArrayBuffer(8)),
  new Proxy([], {}),
  detached(),
];

function detached() {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** These would end the connection, or are the event loop's. */
const NOT_HERE = [
  'begin',
  'end',
  'beginClose',
  'beginShutdown',
  'waitClosed',
  'waitLive',
  'hold',
  'take',
  'notices',
];

/** Calls everything with everything; gives the names of what was called. */
function* junk(core, number) {
  for (const name of Object.keys(core)) {
    if (NOT_HERE.includes(name)) continue;
    for (const first of VALUES) {
      for (const second of VALUES) {
        for (const more of [[], [first, second], [second, 'text', first]])
          call(core[name], [first, second, ...more]);
      }
    }
    // The right request, and wrong arguments, for what does not answer it.
    if (/^(respond|start|finish|abort|drop|write|flush)$/.test(name)) continue;
    for (const second of VALUES) {
      for (const third of VALUES) call(core[name], [number, second, third]);
    }
    yield name;
  }
  for (const second of VALUES) {
    call(core.respond, [number, second, second, second, second]);
    call(core.respond, [number, 200, 1, second, 'x']);
    call(core.respond, [number, 200, 5, 'a\0b', 'x']);
    if (typeof second !== 'string' && second != null && !(second instanceof Uint8Array))
      call(core.respond, [number, 200, 0, null, second]);
    call(core.start, [number, second, 1, second]);
    call(core.write, [number, second, second]);
  }
}

/** An error is what is expected of it; a crash would end the process. */
function call(function_, given) {
  try {
    function_(...given);
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    assert.notEqual(error.kind, 'internal', error.message);
  }
}

test('wrong arguments are thrown back, and the request can still be answered', async () => {
  // Numbers that are none count as 0; after this it is nobody's.
  await found.ask('/text');
  const answer = await found.ask('/junk', { method: 'POST', body: 'body' });
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.json.includes('head'));
});

test('the module itself', () => {
  for (const first of VALUES) {
    for (const second of VALUES) {
      call(native.open, [first, second]);
      call(native.open, [[{ name: 'x', routes: first }], second]);
      call(native.open, [[{ name: 'x', routes: [first, second] }], {}]);
      call(native.open, [[{ name: first, routes: [['GET', '/', null, false]] }], { hub: second }]);
      call(native.listen, [first, typeof second === 'function' ? null : second]);
    }
  }
  call(native.open, [
    {
      get length() {
        throw new Error('a trap');
      },
    },
    {},
  ]);
  call(native.open, [
    [
      {
        get name() {
          throw new Error('a trap');
        },
      },
    ],
    {},
  ]);
});

test('a number that was answered is nobody’s, also when its place is taken again', async () => {
  await found.ask('/text');
  const stale = (await found.ask('/stale')).json;
  assert.deepEqual(stale, {
    told: Array(5).fill('already_answered'),
    reused: true,
    open: true,
    cancelled: false,
  });
});
