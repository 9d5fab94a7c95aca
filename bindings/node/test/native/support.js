'use strict';
// A hub and a worker in the test's own process.

const { after, before } = require('node:test');

const { configureLog, Worker } = require('slotway');
const { fetch } = require('../support/client.js');
const { Hub, eventually } = require('../support/hub.js');

/** What the log said in this process. */
const said = [];
const hear = (level) => (text, error) => said.push({ level, text, error });
configureLog({
  level: 'debug',
  logger: { debug: hear('debug'), info: hear('info'), warn: hear('warn'), error: hear('error') },
});

/** A hub for the tests of a file, and a worker with the routes that `routes` gives it. */
function serving(routes, { hub: arguments_ = [], ...options } = {}) {
  const found = { hub: new Hub(...arguments_), running: null };
  before(async () => {
    await found.hub.start();
    const worker = new Worker('tests', { hub: found.hub.control, ...options });
    routes(worker);
    found.running = await worker.start();
  });
  after(async () => {
    await found.running?.close();
    await found.hub.remove();
  });
  /** One request; a path alone is asked for with GET. */
  found.ask = (target, ask = {}) => fetch(found.hub.port, { target, ...ask });
  return found;
}

/** What was said at a level since this was called. */
function listening(level) {
  const begin = said.length;
  return () => said.slice(begin).filter((line) => line.level === level);
}

module.exports = { eventually, listening, said, serving };
