'use strict';
// Hubs with an admin surface, and what scripts do with it.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { Worker } = require('slotway');
const { Hub } = require('../support/hub.js');
const { Process } = require('../support/process.js');

/** A hub that `slotway emit` and `slotway tail` reach. */
class Bus extends Hub {
  constructor(...given) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'slotway-bus-'));
    const admin = path.join(directory, 'admin.sock');
    super(`--admin=${admin}`, ...given);
    this.admin = admin;
    this.more = directory;
  }

  async remove() {
    await super.remove();
    fs.rmSync(this.more, { recursive: true });
  }

  /** `slotway tail`: a process that says an event in each line, as JSON. */
  tail(...given) {
    const options = ['tail', `--admin=${this.admin}`, '--json', ...given];
    return new Process(process.env.SLOTWAY_PROGRAM, options);
  }

  /** `slotway emit`. */
  emit(...given) {
    const options = ['emit', `--admin=${this.admin}`, ...given];
    return new Promise((resolve, reject) => {
      const emit = spawn(process.env.SLOTWAY_PROGRAM, options, { stdio: 'inherit' });
      emit.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`emit: ${code}`))));
    });
  }

  /** A worker without routes, connected. */
  async worker(t, name, options = {}) {
    const worker = new Worker(name, { hub: this.control, ...options });
    const running = await worker.start();
    t.after(() => running.close());
    return worker;
  }
}

/** The next so many items of a subscription. */
async function take(subscription, count) {
  const found = [];
  while (found.length < count) {
    const { value, done } = await subscription.next();
    if (done) break;
    found.push(value);
  }
  return found;
}

/** A subscription that is live. */
async function live(worker, patterns, options) {
  const subscription = worker.subscribe(patterns, options);
  await subscription.live();
  return subscription;
}

module.exports = { Bus, live, take };
