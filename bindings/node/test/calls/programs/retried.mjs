// Takes an activity that ends its process when it is begun first, and is done when it is begun
// again.
import { Worker } from 'slotway';

const worker = new Worker('retried')
  .activity('retry/work', 'x', (req) => {
    const { attempt } = req.activity;
    if (attempt < 3) process.exit(1);
    return `attempt ${attempt}`;
  })
  .activity('retry/work', 'stay', () => {
    console.log('stays');
    return new Promise(() => {});
  });
await worker.start();
console.log('ready');
