'use strict';
// A worker as a process of its own; what it does is in its arguments: the hub, then options.

const { createHash } = require('node:crypto');
const { Readable } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');

const { configureLog, Worker } = require('slotway');

const [hub, given = '{}'] = process.argv.slice(2);
const { name = 'program', kind = 'run', ...options } = JSON.parse(given);

configureLog({ level: 'info' });

let peak = 0;
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5).unref();

const worker = new Worker(name, { hub, ...options });

worker
  .get('/', () => 'hello')
  .get('/pid', () => process.pid)
  .get('/stay', { idempotent: false }, async () => {
    console.log('stays');
    await sleep(60_000);
  })
  .get('/slow/{ms}', async (req) => {
    console.log('slow');
    await sleep(Number(req.params.ms));
    return 'slow';
  })
  .post('/json', async (req) => ({ got: await req.json(), host: req.headers.get('host') }))
  .put('/digest', async (req) => {
    const sha = createHash('sha256');
    let length = 0;
    for await (const piece of req) {
      sha.update(piece);
      length += piece.length;
    }
    return { length, digest: sha.digest('hex') };
  })
  .get('/bytes/{length}', (req) => {
    let left = Number(req.params.length);
    return new Readable({
      read(size) {
        const count = Math.min(left, size);
        left -= count;
        this.push(count === 0 ? null : Buffer.alloc(count, left & 0xff));
      },
    });
  })
  .put('/echo', (req) => req.stream())
  .get('/memory', () => {
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    const told = { heap: heapUsed, rss, peak };
    peak = 0;
    return told;
  });

async function main() {
  if (kind === 'run') {
    await worker.run();
    console.log('ended');
  } else if (kind === 'unref') {
    const running = await worker.start();
    running.unref();
    console.log('nothing holds it');
  } else if (kind === 'exit') {
    await worker.start();
    process.exit(7);
  } else if (kind === 'start') {
    const running = await worker.start();
    process.once('SIGTERM', () => running.shutdown().then(() => console.log('shut down')));
    console.log('started');
  }
}

main().catch((error) => {
  console.log(`failed: ${error.kind}: ${error.message}`);
  process.exitCode = 3;
});
