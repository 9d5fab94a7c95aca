'use strict';
// The shortest worker.
//
//     slotway hub
//     node hello.js
//     curl localhost:8080/hello/you
//     curl localhost:8080/length --data-binary @hello.js

const { Worker } = require('slotway');

const worker = new Worker('hello');

worker.get('/hello/{name}', (req) => `Hello, ${req.params.name}!\n`);

worker.post('/length', async (req) => {
  const body = await req.bytes();
  return { length: body.length };
});

worker.run();
