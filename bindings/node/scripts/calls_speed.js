'use strict';
// How long one call takes, and how many a second there are with 64 at once: `npm run calls-speed`,
// with SLOTWAY_HUB naming the control socket of a hub that runs, and some worker that takes
// `echo` from `demo/work`. Arguments: how many calls, and how many bytes each payload has.

const { performance } = require('node:perf_hooks');

const { Worker } = require('..');

const [count, bytes] = [Number(process.argv[2] ?? 20_000), Number(process.argv[3] ?? 64)];
const payload = Buffer.alloc(bytes, 'x');
const worker = new Worker('speed-caller');
const call = () => worker.call('demo/work', 'echo', payload);

async function main() {
  const running = await worker.start();
  for (let i = 0; i < 2000; i++) await call();
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await call();
    times[i] = performance.now() - begin;
  }
  times.sort();
  const at = (share) => `${(times[Math.floor(share * count)] * 1000).toFixed(1)} µs`;
  console.log(`one at a time: p50 ${at(0.5)}, p99 ${at(0.99)}`);
  let left = count * 5;
  const begin = performance.now();
  const lane = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: 64 }, lane));
  const rate = Math.round((count * 5) / ((performance.now() - begin) / 1000));
  console.log(`64 at once: ${rate.toLocaleString('en')} calls/s`);
  await running.shutdown();
}

void main();
