'use strict';
// Publishes for as long as it lives.

const { Worker } = require('slotway');

const [hub, round] = process.argv.slice(2);

async function main() {
  const worker = new Worker(`flood-${round}`, { hub });
  await worker.start();
  for (let n = 0; ; n++) {
    const payload = { round: Number(round), n, fill: 'x'.repeat(n % 2000) };
    while (!worker.publish('killed.flood', payload)) await worker.ready();
  }
}

main();
