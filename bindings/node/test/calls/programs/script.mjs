// A worker that takes nothing and calls.
import { Worker } from 'slotway';

const running = await new Worker('script').start();
console.log((await running.call('demo/work', 'echo', 'hello')).text());
await running.shutdown();
