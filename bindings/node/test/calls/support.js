'use strict';
// Workers that take activities and workers that call them, at a hub of the tests' own.

const path = require('node:path');
const { after, before } = require('node:test');

const { CallFailed, Worker } = require('slotway');
const { Hub } = require('../support/hub.js');
const { Process } = require('../support/process.js');

const QUEUE = 'demo/work';

/** A hub for the tests of a file, and a worker that takes nothing and calls. */
function calling(env = {}) {
  const found = { hub: new Hub(), worker: null, running: null };
  before(async () => {
    found.hub.env = env;
    await found.hub.start();
    found.worker = new Worker('caller', { hub: found.hub.control });
    found.running = await found.worker.start();
  });
  after(async () => {
    await found.running?.close();
    await found.hub.remove();
  });
  found.call = (...given) => found.worker.call(...given);
  /** A worker in this process, with the activities that `build` gives it. */
  found.taking = async (t, build, options = {}) => {
    const worker = new Worker('taker', { hub: found.hub.control, ...options });
    build(worker);
    const running = await worker.start();
    t.after(() => running.close());
    return running;
  };
  /** A program of `programs`, or an example. */
  found.program = (t, file, env = {}) => {
    const given = ['--trace-warnings', path.join(__dirname, file)];
    const program = new Process(process.execPath, given, {
      env: { SLOTWAY_HUB: found.hub.control, ...env },
    });
    t.after(() => program.over || program.terminate('SIGKILL'));
    return program;
  };
  /** The example that takes from `demo/work`, once it does. */
  found.example = async (t, env = {}) => {
    const program = found.program(t, '../../examples/queue.mjs', env);
    await program.waitLine(/^ready$/);
    return program;
  };
  return found;
}

/** Checks of a rejection how the call ended. */
const ended = (end) => (error) => {
  if (error instanceof CallFailed && error.end === end) return true;
  throw error;
};

/** A promise, and what settles it. */
function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

module.exports = { QUEUE, calling, deferred, ended };
