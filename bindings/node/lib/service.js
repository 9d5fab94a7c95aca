'use strict';
// A connection's requests on the event loop.

const { Exchange } = require('./exchange.js');
const { CODES } = require('./errors.js');
const log = require('./log.js');

/** Requests that are taken at once, at most. */
const BATCH = 64;

/** Numbers of each: which it is, its registration, and the route of that. */
const EACH = 3;

/**
 * Serves what a connection brings: `serves[registration][route](exchange)` for each request. A
 * registration's activities are counted on after its routes.
 */
class Service {
  /**
   * @param {import('../native.d.ts').Core} core
   * @param {((exchange: Exchange) => void)[][]} serves none of them throws
   * @param {(error: Error | null) => void} over called once: the connection has ended
   */
  constructor(core, serves, over) {
    this.core = core;
    this.serves = serves;
    this.over = over;
    /** Exchanges, subscriptions, calls and others that wait for a notice, by their numbers. */
    this.waiting = new Map();
    this.inbox = new Int32Array(EACH * BATCH);
    this.heard = new Int32Array(BATCH);
    /** What was served and not answered since the last look. */
    this.fresh = [];
    /** Who looks again whenever anything may have changed. */
    this.watching = new Set();
    this.ended = false;
    /** Its way to the hub's events. */
    this.channel = null;
    /** Looking again is due already, so that a busy loop looks once a turn. */
    this.due = false;
    this.again = () => {
      this.due = false;
      if (!this.ended) this.wake(true);
    };
  }

  /** Listens to the hub from here on. */
  begin() {
    this.core.begin((last) => this.wake(last));
    this.lookAgain();
  }

  lookAgain() {
    this.due = true;
    setImmediate(this.again);
  }

  /**
   * Serves what is here; whether to look again in this turn of the loop, unless it was the last
   * look of it.
   */
  wake(last) {
    if (this.due) return false;
    const { core, inbox, serves } = this;
    // These did not answer at once: from here on they hear when nobody waits any more.
    if (this.fresh.length > 0) this.watchFresh();
    let count;
    try {
      count = core.take(inbox);
    } catch (error) {
      this.end(error);
      return false;
    }
    if (count === 0) {
      this.hear();
      return false;
    }
    for (let i = 0; i < count; i++) {
      const exchange = new Exchange(core, inbox[EACH * i], this);
      const serve = serves[inbox[EACH * i + 1]]?.[inbox[EACH * i + 2]] ?? strayed;
      serve(exchange);
      if (!exchange.answered) this.fresh.push(exchange);
    }
    if (last) {
      // Also when requests come without end: who waits does not wait for that.
      this.hear();
      this.lookAgain();
    }
    return true;
  }

  watchFresh() {
    const fresh = this.fresh;
    this.fresh = [];
    for (const exchange of fresh) {
      if (!exchange.answered) notice(exchange, true);
    }
  }

  hear() {
    const { core, heard, waiting } = this;
    let count;
    do {
      count = core.notices(heard);
      for (let i = 0; i < count; i++) notice(waiting.get(heard[i]));
    } while (count === heard.length);
    if (this.watching.size > 0) for (const one of [...this.watching]) notice(one);
    // That there is a hub again is told by a wake alone.
    if (this.channel !== null && this.channel.away) notice(this.channel);
  }

  /** Everybody who waits looks up. */
  lookUp() {
    for (const one of [...this.waiting.values(), ...this.watching]) notice(one);
  }

  end(error) {
    if (this.ended) return;
    this.ended = true;
    this.core.end();
    // Whoever still waits for something finds it over.
    this.watchFresh();
    this.lookUp();
    this.over(error.code === CODES.closed ? null : error);
  }
}

/** It is for nobody here, and never given to anybody else. */
function strayed(exchange) {
  log.warn('a request has come for a registration or a route that is not there');
  exchange.letGo();
}

/**
 * Has an exchange look up. What those throw who hear of it goes where it does for other events,
 * and keeps nobody else from hearing.
 */
function notice(exchange, first = false) {
  if (exchange === undefined) return;
  try {
    if (first) exchange.watch();
    else exchange.noticed();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

module.exports = { Service };
