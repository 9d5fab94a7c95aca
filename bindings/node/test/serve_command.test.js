'use strict';
// Goal: `npx slotway` finds what a module has to serve, its processes live, die and are
// replaced, and mistakes are told.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, beforeEach } = require('node:test');

const { fetch } = require('./support/client.js');
const { Hub, eventually } = require('./support/hub.js');
const { test } = require('./support/limited.js');
const { slotway } = require('./support/process.js');

let hub;
let sources;
let stamp = 1_700_000_000;

before(async () => {
  hub = await new Hub().start();
});

after(() => hub?.remove());

beforeEach(() => {
  sources = fs.mkdtempSync(path.join(os.tmpdir(), 'slotway-sources-'));
  // Modules find what is installed for the tests.
  fs.symlinkSync(modules(), path.join(sources, 'node_modules'));
  write('app.js', 'first');
});

/** The directory of modules that this file is resolved with. */
function modules() {
  return path.join(require.resolve('express/package.json'), '..', '..');
}

/** Writes a module whose answer is this word and its process. */
function write(file, word) {
  put(file, `module.exports = (req, res) => res.end(\`${word} \${process.pid}\`);\n`);
}

function put(file, text) {
  const place = path.join(sources, file);
  fs.writeFileSync(place, text);
  // Sources are told apart by their times, which some systems keep coarsely.
  stamp += 10;
  fs.utimesSync(place, stamp, stamp);
}

function start(t, given, { app = 'app.js', env } = {}) {
  const process = slotway(hub, app, given, { cwd: sources, env });
  t.after(async () => {
    await process.remove();
    fs.rmSync(sources, { recursive: true, force: true });
  });
  return process;
}

/** What a route answers: a word and a process. */
async function answer(name) {
  const found = await fetch(hub.port, { target: `/${name}` });
  assert.equal(found.status, 200, found.text);
  const [word, pid] = found.text.split(' ');
  return { word, pid: Number(pid) };
}

/** The processes that answer many requests at a time. */
async function answering(name) {
  const found = await Promise.all(Array.from({ length: 40 }, () => answer(name)));
  return [...new Set(found.map(({ pid }) => pid))].sort();
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The processes that a process has started and that still live. */
function children(pid) {
  const found = [];
  for (const entry of fs.readdirSync('/proc')) {
    const [state, parent] = stat(entry);
    if (Number(parent) === pid && state !== 'Z') found.push(Number(entry));
  }
  return found.sort();
}

function stat(pid) {
  if (!/^\d+$/.test(pid)) return [];
  try {
    return fs
      .readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}

function gone(pid) {
  const [state] = stat(String(pid));
  return state === undefined || state === 'Z';
}

test('workers share the load and are replaced when they die', async (t) => {
  const supervisor = start(t, ['-w', '2', '--name', 'share', '--route', '/share']);
  await supervisor.waitLine(/worker \d+ serves/, 2);
  const pids = children(supervisor.pid);
  assert.equal(pids.length, 2);
  await eventually(async () => same(await answering('share'), pids), 'that both answer');
  process.kill(pids[0], 'SIGKILL');
  await supervisor.waitLine(/was ended by SIGKILL; another one starts in 0\.25 s/);
  await supervisor.waitLine(/worker \d+ serves/, 3);
  const now = children(supervisor.pid);
  assert.equal(now.length, 2);
  assert.notDeepEqual(now, pids);
  await eventually(async () => same(await answering('share'), now), 'that both answer');
  assert.equal(await supervisor.terminate(), 0, supervisor.said('it did not end well'));
  assert.ok(now.every(gone));
});

test('WEB_CONCURRENCY is the number of workers', async (t) => {
  const env = { WEB_CONCURRENCY: '3' };
  const supervisor = start(t, ['--name', 'many', '--route', '/many'], { env });
  await supervisor.waitLine(/worker \d+ serves/, 3);
  assert.equal(children(supervisor.pid).length, 3);
  assert.equal(await supervisor.terminate(), 0);
});

test('workers that never come to serve end it', async (t) => {
  put('app.js', "throw new RangeError('not today');\n");
  const supervisor = start(t, ['--workers', '2', '--name', 'never']);
  assert.equal(await supervisor.wait(), 3, supervisor.said('another code'));
  await supervisor.waitLine(/RangeError: not today/);
  await supervisor.waitLine(/ended with 3 before it served; there is nothing to keep running/);
});

test('workers that have nothing to serve end it', async (t) => {
  put('app.js', 'module.exports = {};');
  const supervisor = start(t, ['--workers', '2', '--name', 'nothing']);
  assert.equal(await supervisor.wait(), 3, supervisor.said('another code'));
  await supervisor.waitLine(/exports no application/);
});

test('a worker that keeps dying is started after growing pauses', async (t) => {
  put('app.js', "module.exports = (req, res) => process.kill(process.pid, 'SIGKILL');\n");
  const supervisor = start(t, ['-w', '2', '--name', 'dying', '--route', '/dying']);
  await supervisor.waitLine(/worker \d+ serves/, 2);
  for (const [pause, count] of [
    ['0\\.25', 3],
    ['0\\.5', 4],
    ['1', 5],
  ]) {
    const lost = await fetch(hub.port, { method: 'POST', target: '/dying', body: 'x' });
    assert.ok(lost.status >= 500, lost.text);
    await supervisor.waitLine(new RegExp(`another one starts in ${pause} s`));
    await supervisor.waitLine(/worker \d+ serves/, count);
  }
  assert.equal(await supervisor.terminate(), 0);
});

test('each worker gets a successor on SIGHUP, and no request is lost', async (t) => {
  const supervisor = start(t, ['-w', '2', '--name', 'rolling', '--route', '/rolling']);
  await supervisor.waitLine(/worker \d+ serves/, 2);
  const olds = children(supervisor.pid);
  let stop = false;
  const failed = [];
  const ask = async () => {
    while (!stop) {
      const found = await fetch(hub.port, { target: '/rolling' });
      if (found.status !== 200) failed.push(found.text);
    }
  };
  const asking = [ask(), ask(), ask(), ask()];
  write('app.js', 'second');
  process.kill(supervisor.pid, 'SIGHUP');
  await eventually(() => olds.every(gone), 'that the old ones go');
  stop = true;
  await Promise.all(asking);
  assert.deepEqual(failed, []);
  assert.equal((await answer('rolling')).word, 'second');
  assert.equal(children(supervisor.pid).length, 2);
  assert.equal(await supervisor.terminate(), 0);
});

test('workers that are still importing when their supervisor is killed end as well', async (t) => {
  put(
    'app.mjs',
    `console.log('importing');
     await new Promise((resolve) => setTimeout(resolve, 500));
     export default (req, res) => res.end();`,
  );
  const given = ['-w', '2', '--name', 'early', '--route', '/early'];
  const supervisor = start(t, given, { app: 'app.mjs' });
  await supervisor.waitLine(/importing/, 2);
  const pids = children(supervisor.pid);
  assert.equal(pids.length, 2);
  process.kill(supervisor.pid, 'SIGKILL');
  await eventually(() => pids.every(gone), 'that they end as well');
});

test('workers end when their supervisor is killed', async (t) => {
  const supervisor = start(t, ['-w', '2', '--name', 'orphans', '--route', '/orphans']);
  await supervisor.waitLine(/worker \d+ serves/, 2);
  const pids = children(supervisor.pid);
  process.kill(supervisor.pid, 'SIGKILL');
  await eventually(() => pids.every(gone), 'that they end as well');
});

test('changed sources are served, and broken ones are not', async (t) => {
  const supervisor = start(t, ['--watch', '--name', 'watched', '--route', '/watched']);
  await supervisor.waitLine(/worker \d+ serves/);
  assert.equal((await answer('watched')).word, 'first');
  write('app.js', 'second');
  await supervisor.waitLine(/app\.js changed/);
  await eventually(async () => (await answer('watched')).word === 'second', 'the change');
  put('app.js', 'module.exports = (;\n');
  await supervisor.waitLine(/ended with 3 before it served; waiting for a change/);
  await supervisor.waitLine(/SyntaxError/);
  assert.equal((await answer('watched')).word, 'second');
  write('app.js', 'third');
  await eventually(async () => (await answer('watched')).word === 'third', 'the repair');
  await eventually(() => children(supervisor.pid).length === 1, 'that one is left');
  assert.equal(await supervisor.terminate(), 0);
});

test('a newer deployment takes the place', async (t) => {
  const options = (generation) => ({ env: { SLOTWAY_GENERATION: generation } });
  const old = start(t, ['-w', '2', '--name', 'gen', '--route', '/gen'], options('1'));
  await old.waitLine(/worker \d+ serves/, 2);
  const newer = start(t, ['--name', 'gen', '--route', '/gen'], options('2'));
  await newer.waitLine(/serving as 'gen'/);
  assert.equal(await old.wait(), 0, old.said('it did not end well'));
  assert.equal((await answer('gen')).pid, newer.pid);
  assert.equal(await newer.terminate(), 0);
});

test('a drain lets what is in hand finish, and a second signal does not wait', async (t) => {
  put(
    'app.js',
    `module.exports = (req, res) => {
      console.log('asked', req.url);
      if (req.url === '/drained?soon') process.once('SIGTERM', () => res.end('finished'));
    };`,
  );
  const first = start(t, ['--name', 'drained', '--route', '/drained']);
  await first.waitLine(/serving as/);
  const finishing = fetch(hub.port, { target: '/drained?soon' });
  await first.waitLine(/asked/);
  assert.equal(await first.terminate(), 0);
  assert.equal((await finishing).text, 'finished');

  const second = start(t, ['--name', 'drained', '--route', '/drained']);
  await second.waitLine(/serving as/);
  const hanging = fetch(hub.port, { method: 'POST', target: '/drained', body: 'x' });
  await second.waitLine(/asked/);
  process.kill(second.pid, 'SIGTERM');
  await second.waitLine(/draining/);
  assert.equal(await second.terminate(), 0, second.said('it did not end well'));
  assert.ok((await hanging).status >= 500);
});

test('an application that keeps the process busy does not keep a drained one', async (t) => {
  put('app.js', 'setInterval(() => {}, 1000); module.exports = (req, res) => res.end();');
  const process = start(t, ['--name', 'busy', '--route', '/busy']);
  await process.waitLine(/serving as/);
  assert.equal(await process.terminate('SIGINT'), 0);
});

/** Modules, and the text that they answer with. */
const MODULES = {
  'a function of a request and a response': [
    'a.js',
    "module.exports = (req, res) => res.end('it');",
  ],
  'the same as ESM': ['a.mjs', "export default (req, res) => res.end('it');"],
  'ESM that was made into CommonJS': [
    'a.js',
    "exports.__esModule = true; exports.default = (req, res) => res.end('it');",
  ],
  'a promise of one': ['a.mjs', "export default Promise.resolve((req, res) => res.end('it'));"],
  'a fetch handler': ['a.mjs', "export default { fetch: (request) => new Response('it') };"],
  'a function of a Request': ['a.mjs', "export default async (request) => new Response('it');"],
  'a module that is a fetch handler': [
    'a.mjs',
    "export function fetch(request) { return new Response('it'); }",
  ],
  'an Express application': [
    'a.js',
    "const app = require('express')(); app.use((req, res) => res.send('it')); module.exports = app;",
  ],
  'a Fastify application': [
    'a.mjs',
    "import fastify from 'fastify'; const app = fastify(); app.get('/*', async () => 'it'); export default app;",
  ],
  'a Koa application': [
    'a.js',
    "const Koa = require('koa'); const app = new Koa(); app.use((ctx) => { ctx.body = 'it'; }); module.exports = app;",
  ],
  'a server': [
    'a.js',
    "module.exports = require('node:http').createServer((req, res) => res.end('it'));",
  ],
  'an object that has a server listen': [
    'a.js',
    "const http = require('node:http'); module.exports = { listen: (port) => http.createServer((req, res) => res.end('it')).listen(port) };",
  ],
  'an object whose server listens already': [
    'a.js',
    `const server = require('node:http').createServer();
     const app = {
       listen(port) {
         server.on('request', (req, res) => res.end('it')).listen(port);
         return app;
       },
     };
     module.exports = app.listen(1);`,
  ],
  'a Worker': [
    'a.js',
    "const { Worker } = require('slotway'); const worker = new Worker('found'); worker.get('/found', () => 'it'); module.exports = worker;",
  ],
  'a Worker by its name, as ESM': [
    'a.mjs',
    "import { Worker } from 'slotway'; export const worker = new Worker('found').get('/found', () => 'it');",
  ],
  'no export but a server that listens': [
    'a.js',
    "const app = require('express')(); app.use((req, res) => res.send('it')); app.listen(1, () => console.log('up'));",
  ],
  'a server that listens later': [
    'a.mjs',
    `import fastify from 'fastify'; const app = fastify(); app.get('/*', async () => 'it');
     setTimeout(async () => { await app.listen({ port: 1 }); console.log(app.server.address().port); }, 50);`,
  ],
};

for (const [what, [file, text]] of Object.entries(MODULES)) {
  test(`it serves ${what}`, async (t) => {
    put(file, text);
    const given = what.includes('Worker') ? [] : ['--name', 'found', '--route', '/found'];
    const process = start(t, given, { app: file });
    await process.waitLine(/serving as 'found'/);
    const found = await fetch(hub.port, { target: '/found' });
    assert.equal(found.text, 'it');
    assert.equal(await process.terminate(), 0, process.said('it did not end well'));
  });
}

test('an export is chosen by its name, and a function of no parameters by --interface', async (t) => {
  put('named.mjs', "export const other = (...given) => given[1].end('other');");
  const given = ['--name', 'other', '--route', '/other', '--export', 'other'];
  const unsaid = start(t, given, { app: 'named.mjs' });
  assert.equal(await unsaid.wait(), 3);
  await unsaid.waitLine(/say --interface listener/);
  const process = start(t, [...given, '--interface', 'listener'], { app: 'named.mjs' });
  await process.waitLine(/serving as/);
  assert.equal((await fetch(hub.port, { target: '/other' })).text, 'other');
  assert.equal(await process.terminate(), 0);
});

test('a Fastify application is closed after the drain', async (t) => {
  put(
    'a.js',
    `const app = require('fastify')(); app.get('/closed', async () => 'it');
     app.addHook('onClose', async () => console.log('the hook ran')); module.exports = app;`,
  );
  const process = start(t, ['--name', 'closed', '--route', '/closed'], { app: 'a.js' });
  await process.waitLine(/serving as/);
  assert.equal(await process.terminate(), 0);
  await process.waitLine(/the hook ran/);
});

const MISTAKES = [
  [['--port', '8000'], 2, /slotway hub --listen HOST:PORT/],
  [['--host', '::1'], 2, /the hub listens for clients/],
  [['--ssl-key', 'x'], 2, /the hub speaks TLS/],
  [['--workers', '0'], 2, /'0' is not a number of 1 or more/],
  [['--timeout-graceful-shutdown', 'soon'], 2, /'soon' is not a number of seconds/],
  [['--interface', 'cgi'], 2, /'cgi' is none of auto, listener, fetch/],
  [['--no-such-flag'], 2, /--no-such-flag/],
  [['other.js'], 2, /one application at a time/],
  [['--export', 'none'], 3, /has no export 'none'/],
  [['--name', 'no good'], 1, /no good/],
];

for (const [given, code, said] of MISTAKES) {
  test(`mistakes are told: ${given.join(' ')}`, async (t) => {
    const process = start(t, given);
    assert.equal(await process.wait(), code, process.said('another code'));
    await process.waitLine(said);
    assert.ok(!process.lines.some((line) => /^\s+at /.test(line)), process.said('a stack'));
  });
}

test('what a Worker says itself is not for the command to say', async (t) => {
  put('a.js', "module.exports = new (require('slotway').Worker)('own').get('/own', () => 'it');");
  for (const flags of [
    ['--name', 'other'],
    ['--route', '/x'],
    ['--limit-concurrency', '2'],
  ]) {
    const process = start(t, flags, { app: 'a.js' });
    assert.equal(await process.wait(), 3, process.said('another code'));
    await process.waitLine(new RegExp(`${flags[0]} is for applications; a\\.js has a Worker`));
  }
});

test('a module that serves by itself is told apart', async (t) => {
  put('a.js', "require('slotway').serve((req, res) => res.end(), { name: 'alone' });");
  put('b.js', "setTimeout(() => new (require('slotway').Worker)('alone').run(), 10);");
  for (const app of ['a.js', 'b.js']) {
    const process = start(t, [], { app });
    assert.equal(await process.wait(), 3, process.said('another code'));
    await process.waitLine(/serves by itself; run it with node/);
  }
});

test('modules that have nothing to serve are told apart', async (t) => {
  for (const [text, said] of [
    ['module.exports = {};', /exports no application/],
    ['', /exports no application/],
    ['module.exports = 7;', /exports no application/],
  ]) {
    put('a.js', text);
    const process = start(t, [], { app: 'a.js' });
    assert.equal(await process.wait(), 3, process.said('another code'));
    await process.waitLine(said);
    put('a.js', '');
  }
  const missing = start(t, [], { app: 'missing.js' });
  assert.equal(await missing.wait(), 3);
  await missing.waitLine(/there is no module missing\.js/);
});

test('help is for who knows other servers', async (t) => {
  const process = start(t, ['--help']);
  assert.equal(await process.wait(), 0);
  for (const flag of ['--workers', '--watch', '--route', '--name', '--log-level', '--hub']) {
    assert.ok(
      process.lines.some((line) => line.includes(flag)),
      flag,
    );
  }
  assert.ok(!process.lines.some((line) => line.includes('--port')));
});
