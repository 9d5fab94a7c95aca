'use strict';
// Events: publish some, and listen to those of everybody.
//
//     slotway hub
//     node events.js
//     slotway tail 'clock.*'
//     slotway emit chat.lobby '{"text": "hello"}'

const { setInterval } = require('node:timers');

const { Gap, Worker } = require('slotway');

const worker = new Worker('clock');

async function main() {
  const running = await worker.start();

  // A handler for each event, one after the other.
  worker.on('chat.*', (event) => {
    const { text } = event.json();
    console.log(`${event.topic}: ${text}`);
    worker.publish('echo.chat', { text: text.toUpperCase() }, { type: 'echo' });
  });

  // Or a loop: what was lost is told at its place.
  const ticks = worker.subscribe('clock.tick', { capacity: 100 });
  await ticks.live();
  let count = 0;
  const timer = setInterval(() => worker.publish('clock.tick', { tick: (count += 1) }), 100);
  console.log('listening');
  process.once('SIGTERM', () => {
    clearInterval(timer);
    void running.shutdown();
  });
  for await (const event of ticks) {
    if (event instanceof Gap) console.log(`${event.missed} ticks were lost`);
    else if (event.json().tick === 1) console.log(`the first tick is event ${event.id}`);
  }
}

main();
