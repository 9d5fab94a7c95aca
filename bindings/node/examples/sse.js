'use strict';
// A stream that the worker owns: the hub holds its clients, the worker says what they get.
//
//     slotway hub
//     node sse.js
//     curl -N localhost:8080/answers/7
//     curl localhost:8080/answers/7 -d 'why is the sky blue'

const { setImmediate: turn } = require('node:timers/promises');

const { Worker } = require('slotway');

const worker = new Worker('answers');

worker.sse('/answers/{id}', {
  connect(client) {
    if (!/^\d+$/.test(client.params.id)) return false;
    console.log(`${client.connection} wants ${client.params.id}`);
    return true;
  },
  disconnect: (client) => console.log(`${client.connection} is gone`),
});

/** What a model would say, piece by piece. */
async function* tokens(question) {
  for (const word of `You ask ${question}? I do not know.`.split(' ')) {
    yield `${word} `;
    await turn();
  }
}

worker.post('/answers/{id}', async (req) => {
  const to = { pattern: '/answers/{id}', params: req.params };
  let count = 0;
  for await (const token of tokens(await req.text())) {
    // Without an answer for each; the outbox may be full.
    while (!worker.tryPush(to, token, { type: 'token', id: String(count) })) await worker.ready();
    count += 1;
  }
  // The last one says whether anybody was there.
  return { count, status: await worker.push(to, '', { type: 'done' }) };
});

worker.run();
