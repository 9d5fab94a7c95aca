// A Fastify application with a schema, as a module that exports it.
//
//     npx slotway fastify_app.mjs

import fastify from 'fastify';

const app = fastify();

const body = {
  type: 'object',
  required: ['numbers'],
  properties: { numbers: { type: 'array', items: { type: 'number' } } },
};

app.get('/hello/:name', async (req) => `hello, ${req.params.name}`);

app.post('/sum', { schema: { body } }, async (req) => ({
  sum: req.body.numbers.reduce((sum, number) => sum + number, 0),
}));

export default app;
