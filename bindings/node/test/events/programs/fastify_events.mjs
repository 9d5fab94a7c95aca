// A Fastify application that publishes, subscribes and owns a stream.

import fastify from 'fastify';
import { events } from 'slotway';

const app = fastify();
const heard = [];
events.on('orders.*', (event) => heard.push(event.topic));
events.sse('/stream/{id}', (client) => client.params.id !== 'none');

app.post('/orders/:id', async (req) => ({
  published: events.publish(`orders.${req.params.id}`, req.body),
}));

app.get('/heard', async () => heard);

app.post('/tell/:id', async (req) => ({
  status: await events.push(`/stream/${req.params.id}`, 'told'),
}));

export default app;
