'use strict';
// Keeps worker processes running: starts them, notices their deaths, replaces them.
//
// A worker counts once it has said that it serves. One that dies is started again, after a
// pause that grows while it keeps dying. If none ever came to serve there is nothing to keep
// running, and the supervisor ends with the worker's exit code. A worker that ends by itself
// without an error was told to by the hub, because a newer deployment has its place; it is
// not started again.
//
// On SIGHUP, and when sources change under `--watch`, each worker gets a successor and goes
// when that one serves, so that there is always somebody to answer.

const { fork } = require('node:child_process');

const { SERVES, VARIABLE } = require('./child.js');
const log = require('../log.js');

/** Milliseconds before a worker is started again: at first, and at most. */
const PAUSE_FIRST = 250;
const PAUSE_MAX = 30_000;
/** A worker that has served for so long starts again as if it had never died. */
const STEADY = 30_000;
/** Between two looks at the sources. */
const LOOK_EVERY = 500;

class Worker {
  constructor(process, replaces) {
    this.process = process;
    this.replaces = replaces;
    this.ready = false;
    this.leaving = false;
    this.since = Date.now();
    this.killing = undefined;
  }
}

class Supervisor {
  /**
   * @param {object} command
   * @param {string} command.program what each worker runs
   * @param {string[]} command.arguments
   * @param {number} command.workers how many
   * @param {number} command.patience milliseconds that a worker may take to end
   * @param {import('./sources.js').Sources | null} command.sources
   */
  constructor(command) {
    this.command = command;
    this.workers = new Set();
    this.pause = PAUSE_FIRST;
    this.timers = new Set();
    this.everServed = false;
    this.stopping = false;
    this.code = 0;
  }

  /** Runs until it is told to stop, or nothing is left to run; gives the exit code. */
  run() {
    return new Promise((resolve) => {
      this.over = resolve;
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
        process.on(name, () => this.signal(name));
      }
      for (let i = 0; i < this.command.workers; i++) this.start(null);
      if (this.command.sources !== null) this.look();
    });
  }

  start(replaces) {
    if (this.stopping) return;
    const { program, arguments: given } = this.command;
    const child = fork(program, given, {
      env: { ...process.env, [VARIABLE]: '1' },
      // A terminal's signals are for the supervisor, which tells its workers.
      detached: true,
    });
    const worker = new Worker(child, replaces);
    this.workers.add(worker);
    child.on('message', (message) => {
      if (message === SERVES) this.serves(worker);
    });
    child.on('error', (error) => log.error(`worker ${child.pid}`, error));
    child.on('exit', (code, signal) => this.died(worker, code, signal));
  }

  serves(worker) {
    worker.ready = true;
    this.everServed = true;
    worker.since = Date.now();
    log.info(`worker ${worker.process.pid} serves`);
    if (worker.replaces !== null) this.dismiss(worker.replaces);
    worker.replaces = null;
  }

  /** Asks a worker to finish what it has and to end; in time. */
  dismiss(worker) {
    if (!this.workers.has(worker)) return;
    worker.leaving = true;
    worker.process.kill('SIGTERM');
    const { patience } = this.command;
    worker.killing ??= setTimeout(() => {
      const { pid } = worker.process;
      log.warn(`worker ${pid} has not ended in ${patience / 1000} s and is killed`);
      worker.process.kill('SIGKILL');
    }, patience);
  }

  died(worker, code, signal) {
    clearTimeout(worker.killing);
    this.workers.delete(worker);
    if (!this.stopping && !worker.leaving) this.lost(worker, code, signal);
    if (this.workers.size === 0 && this.timers.size === 0) this.over(this.code);
  }

  /** A worker has died that nobody had told to. */
  lost(worker, code, signal) {
    const { pid } = worker.process;
    const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
    const { sources } = this.command;
    if (worker.ready && code === 0) {
      log.info(`worker ${pid} ended; somebody else has its place`);
    } else if (!this.everServed && sources === null) {
      log.error(`worker ${pid} ${how} before it served; there is nothing to keep running`);
      this.code = code || 1;
      this.stop();
    } else if (!worker.ready && sources !== null) {
      log.error(`worker ${pid} ${how} before it served; waiting for a change`);
    } else if (!worker.ready && this.workers.has(worker.replaces)) {
      log.error(`worker ${pid} ${how} before it served; its predecessor stays`);
    } else {
      if (worker.ready && Date.now() - worker.since >= STEADY) this.pause = PAUSE_FIRST;
      log.error(`worker ${pid} ${how}; another one starts in ${this.pause / 1000} s`);
      this.after(this.pause, () => this.restart());
      this.pause = Math.min(2 * this.pause, PAUSE_MAX);
    }
  }

  /** Starts another one for one that died, unless its place was filled meanwhile. */
  restart() {
    const staying = [...this.workers].filter((worker) => !worker.leaving);
    if (staying.length < this.command.workers) this.start(null);
  }

  /** Gives each worker a successor. */
  replace() {
    for (const worker of this.workers) {
      // One that does not serve yet has no work to hand over.
      if (!worker.ready && !worker.leaving) this.dismiss(worker);
    }
    const olds = [...this.workers].filter((worker) => worker.ready && !worker.leaving);
    for (let i = 0; i < this.command.workers; i++) this.start(olds[i] ?? null);
  }

  stop() {
    this.stopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const worker of this.workers) this.dismiss(worker);
    if (this.workers.size === 0) this.over(this.code);
  }

  signal(name) {
    if (name === 'SIGHUP') {
      log.info('each worker gets a successor');
      this.replace();
    } else if (this.stopping) {
      for (const worker of this.workers) worker.process.kill('SIGKILL');
    } else {
      log.info(`${name}: the workers finish what they have`);
      this.stop();
    }
  }

  look() {
    const changed = this.command.sources.changed();
    if (changed !== undefined) {
      log.info(`${changed} changed`);
      this.replace();
    }
    this.after(LOOK_EVERY, () => this.look());
  }

  after(milliseconds, act) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, milliseconds);
    this.timers.add(timer);
  }
}

module.exports = { Supervisor };
