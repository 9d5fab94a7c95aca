'use strict';
// Publishes, and ends.

const { Worker } = require('slotway');

async function main() {
  const worker = new Worker('script', { hub: process.argv[2] });
  const running = await worker.start();
  const drafts = Array.from({ length: 1000 }, (_, n) => ({ topic: 'script.a', payload: n }));
  await worker.publishAll(drafts);
  await running.shutdown();
}

main();
