'use strict';
// Hello and a JSON echo by a worker of Slotway's own kind.

const { Worker } = require('slotway');

const worker = new Worker('native');
worker.get('/', () => 'Hello, World!');
worker.post('/echo', async (req) => req.json());
worker.run();
