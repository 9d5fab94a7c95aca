// Activities: a worker that takes them from a queue, `CAPACITY` at a time.
//
//     slotway hub
//     node queue.mjs
//     slotway call demo/work echo hello

import { setTimeout as sleep } from 'node:timers/promises';

import { Worker } from 'slotway';

const QUEUE = 'demo/work';

let count = 0;

const worker = new Worker('queue')
  .capacity(QUEUE, Number(process.env.CAPACITY ?? 4))
  .activity(QUEUE, 'echo', (req) => req.bytes())
  // For so many milliseconds, unless its caller hangs up.
  .activity(QUEUE, 'sleep', async (req) => {
    await sleep(Number(await req.text()), undefined, { signal: req.signal });
    return 'slept';
  })
  .activity(QUEUE, 'fail', (req, reply) => reply.status(500).send('failed'))
  // Whoever called it hears that the worker is gone.
  .activity(QUEUE, 'crash', () => process.exit(1))
  .activity(QUEUE, 'count', () => String((count += 1)));

const running = await worker.start();
console.log('ready');
process.once('SIGTERM', () => running.shutdown());
