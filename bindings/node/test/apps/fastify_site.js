'use strict';
// A Fastify application: schemas, hooks, streams, errors.

const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');

const app = require('fastify')({ bodyLimit: 2_000_000 });
const seen = [];

app.addHook('onRequest', async (req, reply) => {
  reply.header('x-hook', 'request');
});
app.addHook('onSend', async (req, reply, payload) => {
  reply.header('x-sent', 'yes');
  return payload;
});
app.addHook('onResponse', async (req, reply) => {
  seen.push(`${req.method} ${req.url} ${reply.statusCode}`);
});
app.addContentTypeParser('text/lines', (req, payload, done) => {
  let text = '';
  payload.setEncoding('utf8');
  payload.on('data', (piece) => (text += piece));
  payload.on('end', () => done(null, text.split('\n')));
});
app.addContentTypeParser('application/octet-stream', (req, payload, done) => done(null, payload));

app.get('/', async () => 'hello');
app.get('/seen', async () => seen.splice(0));
app.get('/object', async () => ({ a: 1, b: [true, null] }));
app.get('/nothing', async (req, reply) => reply.code(204).send());
app.get('/callback', (req, reply) => {
  setImmediate(() => reply.code(202).send({ later: true }));
});
app.get(
  '/items/:id',
  {
    schema: {
      params: { type: 'object', properties: { id: { type: 'integer' } } },
      querystring: { type: 'object', properties: { limit: { type: 'integer', minimum: 1 } } },
      response: { 200: { type: 'object', properties: { id: { type: 'integer' } } } },
    },
  },
  async (req) => ({ id: req.params.id, hidden: 'not in the schema' }),
);
app.post(
  '/items',
  {
    schema: {
      body: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', minLength: 2 }, price: { type: 'number' } },
      },
    },
  },
  async (req, reply) => reply.code(201).send(req.body),
);
app.post('/lines', async (req) => req.body);
app.post('/bytes', async (req, reply) => reply.type('application/octet-stream').send(req.body));
app.get('/facts', async (req) => ({
  ip: req.ip,
  host: req.host,
  hostname: req.hostname,
  protocol: req.protocol,
  query: req.query,
  method: req.method,
  url: req.url,
  accept: req.headers.accept ?? null,
}));
app.get('/cookies', async (req, reply) => {
  reply.header('set-cookie', 'a=1').header('set-cookie', 'b=2');
  return 'cookies';
});
app.get('/stream', (req, reply) => {
  reply.type('text/plain').send(Readable.from(['one ', 'two ', 'three']));
});
app.get('/file', (req, reply) => {
  const stream = fs.createReadStream(path.join(process.env.SITE_FILES, 'large.bin'));
  reply.type('application/octet-stream').send(stream);
});
app.get('/web', async () => new Response('of the web', { status: 203, headers: { 'x-web': '1' } }));
app.get('/hijacked', (req, reply) => {
  reply.hijack();
  reply.raw.end('hijacked');
});
app.get('/raw', (req, reply) => {
  reply.raw.writeHead(200, { 'content-type': 'text/x' });
  reply.raw.end('raw');
});
app.get('/away', (req, reply) => reply.redirect('/there', 307));
app.get('/wrong', async () => {
  throw new Error('wrong');
});
app.get('/teapot', async () => {
  throw Object.assign(new Error('short'), { statusCode: 418, code: 'TEAPOT' });
});
app.get('/broken-stream', (req, reply) => {
  reply.send(
    Readable.from(
      (async function* pieces() {
        throw new Error('before the first piece');
      })(),
    ),
  );
});

module.exports = app;
