'use strict';
// Owns streams, and says what it hears.

const { Worker } = require('slotway');

const worker = new Worker('owner', { hub: process.argv[2] });

worker
  .sse('/owned/{room}', {
    connect({ connection, reconnect, params, queryString }) {
      console.log(`${reconnect ? 're' : ''}connect ${connection} ${params.room} ${queryString}`);
    },
    disconnect: ({ connection }) => console.log(`disconnect ${connection}`),
  })
  .post('/owned/{room}', async (req) => String(await worker.push(req.path, await req.text())));

worker
  .begin()
  .live()
  .then(() => console.log('live'));
process.on('SIGTERM', () => process.exit(0));
