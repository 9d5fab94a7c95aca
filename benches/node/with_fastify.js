'use strict';
// The same with Fastify: by itself where PORT is set, else for a server to take.

const app = require('fastify')();

app.get('/', async (req, reply) => {
  reply.type('text/plain; charset=utf-8');
  return 'Hello, World!';
});
app.post('/echo', async (req) => req.body);

if (process.env.PORT) app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
module.exports = app;
