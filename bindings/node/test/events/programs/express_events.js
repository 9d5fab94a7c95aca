'use strict';
// An Express application that publishes, subscribes and owns a stream.

const express = require('express');
const { events } = require('slotway');

const app = express();
app.use(express.json());

const heard = [];
events.on('orders.*', (event) => heard.push(event.topic));
events.sse('/stream/{id}', { connect: (client) => client.params.id !== 'none' });

app.post('/orders/:id', (req, res) => {
  res.json({ published: events.publish(`orders.${req.params.id}`, req.body) });
});

app.get('/heard', (req, res) => res.json(heard));

app.post('/tell/:id', async (req, res) => {
  res.json({ status: await events.push(`/stream/${req.params.id}`, 'told') });
});

app.listen(3000);
