'use strict';
// Only listens, until it is told to end.

const { Worker } = require('slotway');

const worker = new Worker('listens', { hub: process.argv[2] });

async function main() {
  const events = worker.subscribe('talk.*');
  const on = worker.on('talk.*', (event) => console.log(`by a handler: ${event.text()}`));
  const ended = worker.run();
  await Promise.all([events.live(), on.live()]);
  console.log('live');
  for await (const event of events) console.log(`by a loop: ${event.text()}`);
  console.log('the loop has ended');
  await ended;
}

main();
