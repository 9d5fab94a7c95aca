'use strict';
// Bodies in pieces, both ways, and what a client that goes away ends.
//
//     slotway hub
//     node streaming.js
//     curl -N localhost:8080/ticks
//     curl -T large-file localhost:8080/upper
//     curl -T large-file localhost:8080/digest

const { createHash } = require('node:crypto');
const { Transform } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');

const { Worker } = require('slotway');

const worker = new Worker('streaming');

worker.get('/ticks', (req, reply) => {
  reply.type('text/event-stream');
  return (async function* () {
    for (let n = 0; n < 10; n++) {
      yield `data: ${n}\n\n`;
      // Rejected when the client goes away, which ends the generator.
      await sleep(100, undefined, { signal: req.signal });
    }
  })();
});

worker.put('/upper', (req) => {
  // Each piece goes back before the next one has come.
  const upper = new Transform({
    transform(piece, _, done) {
      done(null, piece.toString('latin1').toUpperCase());
    },
  });
  return req.stream().pipe(upper);
});

worker.put('/digest', async (req) => {
  const sha = createHash('sha256');
  for await (const piece of req) sha.update(piece);
  return { sha256: sha.digest('hex') };
});

worker.run();
