'use strict';
// How many events a second one worker publishes, and one receives: `npm run events-speed`, with
// SLOTWAY_HUB naming the control socket of a hub that runs. Arguments: how many events, and how
// many bytes each payload has.

const { fork } = require('node:child_process');
const { performance } = require('node:perf_hooks');

const { Gap, Worker } = require('..');

const [count, bytes] = [Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 64)];
const payload = Buffer.alloc(bytes, 'x');
const per = (begin, events) => Math.round(events / ((performance.now() - begin) / 1000));
const report = (what, rate) => console.log(`${what}: ${rate.toLocaleString('en')} events/s`);

async function publisher() {
  const worker = new Worker('speed-publisher');
  const running = await worker.start();
  // So that nobody hears them: what it costs to publish.
  for (const topic of ['speed.alone', 'speed.heard']) {
    const drafts = Array.from({ length: 512 }, () => ({ topic, payload }));
    let begin = performance.now();
    for (let sent = 0; sent < count; sent++) {
      while (!worker.publish(topic, payload)) await worker.ready();
    }
    report(`${topic}, publish, one by one`, per(begin, count));
    begin = performance.now();
    for (let sent = 0; sent < count; sent += drafts.length) await worker.publishAll(drafts);
    report(`${topic}, publishAll, 512 at a time`, per(begin, count));
  }
  await worker.publishAll([{ topic: 'speed.end', mustDeliver: true }]);
  await running.shutdown();
}

async function receiver() {
  const worker = new Worker('speed-receiver');
  const running = await worker.start();
  const room = { capacity: 65_536, queue: 65_536 };
  let [heard, lost, begin, last] = [0, 0, 0, 0];
  const on = worker.on(
    ['speed.heard', 'speed.end'],
    (event) => {
      if (event.topic === 'speed.end') {
        const rate = Math.round(heard / ((last - begin) / 1000));
        report(`received (of ${heard + lost}, ${lost} lost)`, rate);
        void running.shutdown();
        return;
      }
      if (heard === 0) begin = performance.now();
      heard += 1;
      if (heard % 256 === 0) last = performance.now();
    },
    { ...room, lost: (gap) => (lost += gap instanceof Gap ? gap.missed : 0) },
  );
  await on.live();
  fork(__filename, [String(count), String(bytes)], { env: { ...process.env, SPEED_ROLE: 'p' } });
}

void (process.env.SPEED_ROLE === 'p' ? publisher() : receiver());
