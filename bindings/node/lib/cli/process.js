'use strict';
// One process that serves an application, from its import to its end.

const child = require('./child.js');
const { LoadError, load } = require('./load.js');
const { CODES } = require('../errors.js');
const { ROUTES, Server } = require('../serve.js');
const { Worker } = require('../worker.js');
const log = require('../log.js');

/** The exit code of what could not start. */
const NOT_STARTED = 3;

/** What a Worker has in other ways. */
const NOT_FOR_WORKERS = {
  name: "its name is said by new Worker('name')",
  route: 'its routes are those of its handlers',
  'limit-concurrency': "new Worker('name', { maxConcurrent }) says it",
  interface: 'it needs none',
};

class Process {
  /**
   * @param {object} asked what the command line says
   * @param {boolean} supervised whether a supervisor waits for a word
   */
  constructor(asked, supervised) {
    this.asked = asked;
    this.supervised = supervised;
    this.running = null;
    this.asks = 0;
  }

  /** Serves until it is told to stop, or a newer deployment has its place; gives the exit code. */
  async run() {
    const { asked } = this;
    let app;
    try {
      app = await load(asked);
      if (app.kind === 'worker') this.checkWorker();
    } catch (error) {
      if (error instanceof LoadError) log.error(error.message);
      else log.error(`importing ${asked.app} failed`, error);
      return NOT_STARTED;
    }
    for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => this.stop());
    if (this.supervised) child.watch(() => this.stop());
    if (this.asks > 0) return 0;
    try {
      this.running = this.begin(app);
      await this.running.live();
      log.info(`serving as ${this.names(app)} (${app.kind})`);
      if (this.supervised) child.serves();
      await this.running.closed;
    } catch (error) {
      const ended = error.code === CODES.closed && this.asks > 0;
      if (!ended && error.code !== CODES.timeout) {
        log.error(error.message);
        return 1;
      }
      if (!ended) log.warn(error.message);
    }
    await this.close(app);
    return 0;
  }

  begin({ kind, handler, like = handler }) {
    const { given, name, routes = ROUTES, hub, maxConcurrent, patience } = this.asked;
    if (kind === 'worker') {
      if (hub !== undefined) handler._options.hub = hub;
      if (given.includes('timeout-graceful-shutdown')) handler._options.drainDeadline = patience;
      return handler.begin();
    }
    const options = { hub, maxConcurrent, drainDeadline: patience };
    if (kind === 'listener') return new Server(handler, { name, routes, ...options }, like);
    const worker = new Worker(name, options);
    for (const route of routes) worker.fetch(route, handler);
    return worker.begin();
  }

  names({ kind, handler }) {
    const names =
      kind === 'worker' ? handler._offers.map((offer) => offer.name) : [this.asked.name];
    return names.map((name) => `'${name}'`).join(', ');
  }

  checkWorker() {
    for (const [flag, why] of Object.entries(NOT_FOR_WORKERS)) {
      if (!this.asked.given.includes(flag)) continue;
      throw new LoadError(
        `--${flag} is for applications; ${this.asked.app} has a Worker, and ${why}`,
      );
    }
  }

  stop() {
    this.asks += 1;
    if (this.asks === 1) {
      log.info('draining');
      this.until = Date.now() + this.asked.patience * 1000;
      this.running?.beginShutdown();
    } else {
      this.running?.beginClose();
    }
  }

  /** Has the application close what it has opened, in what is left of the time. */
  async close({ close }) {
    if (close === undefined) return;
    const left = Math.max(0, (this.until ?? Date.now() + this.asked.patience * 1000) - Date.now());
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, left);
    });
    try {
      await Promise.race([close(), late]);
    } catch (error) {
      log.error('closing the application failed', error);
    }
    clearTimeout(timer);
  }
}

module.exports = { Process };
