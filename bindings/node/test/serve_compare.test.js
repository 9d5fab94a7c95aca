'use strict';
// Goal: applications that know nothing of Slotway answer behind the hub as on node's own
// server. The same requests go to both, and what differs is printed.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');

const { fetch } = require('./support/client.js');
const { difference } = require('./support/difference.js');
const { Hub } = require('./support/hub.js');
const { test } = require('./support/limited.js');
const { slotway, usual } = require('./support/process.js');
const asks = require('./support/asks.js');

/** Between the server and its client alone, or the hub's own. */
const IGNORED = new Set([
  'connection',
  'date',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'x-request-id',
]);

/** What is random or a time, in headers and bodies. */
const CHANGING = [
  [/sid=[^;]+/g, 'sid=ID'],
  [/(signed\.sig=)[\w-]+/g, '$1SIGNATURE'],
  [/Expires=[^;]+GMT/g, 'Expires=THEN'],
];

let hub;
let files;

before(async () => {
  hub = await new Hub().start();
  files = fs.mkdtempSync(path.join(os.tmpdir(), 'slotway-files-'));
  fs.writeFileSync(path.join(files, 'small.txt'), 'small\n');
  fs.writeFileSync(path.join(files, 'empty.txt'), '');
  fs.writeFileSync(path.join(files, 'large.bin'), Buffer.alloc(1_000_003, 'abcdefghijklmnopq'));
  fs.mkdirSync(path.join(files, 'sub'));
  fs.writeFileSync(path.join(files, 'sub', 'index.html'), '<p>index</p>');
  const then = new Date(1_700_000_000_000);
  for (const name of ['small.txt', 'empty.txt', 'large.bin', 'sub/index.html']) {
    fs.utimesSync(path.join(files, name), then, then);
  }
});

after(async () => {
  await hub?.remove();
  fs.rmSync(files, { recursive: true });
});

/** All answers; cookies are kept and sent as a browser would. */
async function askAll(port, list) {
  const jar = new Map();
  const answers = [];
  for (const ask of list) {
    const headers = [...(ask.headers ?? [])];
    if (jar.size > 0) headers.push(['Cookie', [...jar].map((pair) => pair.join('=')).join('; ')]);
    const answer = await answerOf(port, { ...ask, headers });
    for (const [name, value] of answer.headers) {
      const [, key, content] = /^([^=]+)=([^;]*)/.exec(value) ?? [];
      if (name === 'set-cookie') jar.set(key, content);
    }
    answers.push(answer);
  }
  return answers;
}

/** Where node breaks a connection before any response, the hub says so with 502. */
const BROKEN = { status: 'broken', headers: [], body: Buffer.alloc(0), header() {} };

async function answerOf(port, ask) {
  try {
    const answer = await fetch(port, ask);
    const problem = answer.header('content-type') === 'application/problem+json';
    return problem && /ended the exchange without a response/.test(answer.json.detail)
      ? BROKEN
      : answer;
  } catch (error) {
    if (error.cause?.code !== 'ECONNRESET') throw error;
    return BROKEN;
  }
}

function stable(text) {
  return CHANGING.reduce((left, [pattern, put]) => left.replace(pattern, put), text);
}

/** An answer as lines. What one server sends in chunks may have a length on the other. */
function lines(answer, chunked) {
  const headers = answer.headers
    .filter(([name]) => !IGNORED.has(name) && !(chunked && name === 'content-length'))
    .map((pair) => stable(pair.join(': ')))
    .sort();
  const body = stable(answer.body.toString('latin1')).split('\n');
  return [String(answer.status), ...headers, `(${answer.body.length} bytes)`, ...body];
}

for (const [site, list] of Object.entries(asks)) {
  test(`${site} answers as on node:http`, async (t) => {
    const env = { SITE_FILES: files, NODE_ENV: 'production', TZ: 'UTC' };
    const ours = slotway(hub, `${site}.js`, ['--name', site], { env });
    t.after(() => ours.remove());
    const theirs = usual(`${site}.js`, env);
    t.after(() => theirs.remove());
    const port = Number((await theirs.waitLine(/listening on (\d+)/))[1]);
    const expected = await askAll(port, list);
    await ours.waitLine(/serving as/);
    const found = await askAll(hub.port, list);
    assert.equal(await ours.terminate(), 0, ours.said('it did not end well'));

    const differences = list.flatMap((ask, i) => {
      // A length is not to be compared where there was none, unless none was to be.
      const chunked = [expected[i], found[i]].some(
        (answer) => answer.header('content-length') === undefined,
      );
      const differing = difference(lines(expected[i], chunked), lines(found[i], chunked));
      const { method = 'GET', target, headers = [] } = ask;
      return differing.length === 0
        ? []
        : [`${method} ${target} ${JSON.stringify(headers)}`, ...differing, ''];
    });
    assert.equal(differences.length, 0, `\n${differences.join('\n')}`);
    assert.deepEqual(
      ours.lines.filter((line) => /^\(node:\d+\)/.test(line)),
      [],
      'node warns of nothing',
    );
    // What was asked for was there, so that this does not compare errors with errors.
    const good = expected.filter((answer) => answer.status < 400).length;
    assert.ok(good > list.length / 2, `${good} of ${list.length} are good`);
  });
}
