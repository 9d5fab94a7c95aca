'use strict';
// Handlers of events.

const { AsyncResource } = require('node:async_hooks');

const log = require('../log.js');
const { Gap } = require('./received.js');

/** Nothing hears of its end, so that nobody has to be told. */
const NOT_TOLD = { requireManualDestroy: true };

/** How often the log tells of losses at most, in milliseconds. */
const PERIOD = 1000;

/**
 * Has a handler called for each event of a subscription, one after the other: one that gives back
 * a promise gets the next when that is settled, so what waits is bounded as the subscription is.
 */
class Listening {
  constructor(subscription, handler, lost) {
    this.subscription = subscription;
    this.name = `on ${subscription.patterns.join(', ')}`;
    this.handler = handler;
    this.lost = lost ?? ((gap) => this.tell(gap));
    this.scope = new AsyncResource('SLOTWAYEVENTS', NOT_TOLD);
    /** The handler is at it, or will be in the loop's next turn. */
    this.busy = false;
    /** Events that were lost and not told of, and when the log told last. */
    this.missed = 0;
    this.told = -Infinity;
    subscription.hear = () => this.hear();
    subscription.ends.push(() => this.ended());
  }

  hear() {
    if (!this.busy) this.scope.runInAsyncScope(this.turn, this);
  }

  /** What is here now; the rest of the loop has its turn before the next. */
  turn() {
    this.busy = false;
    const items = this.subscription._take();
    if (items.length > 0) {
      this.busy = true;
      this.run(items, 0);
    }
  }

  run(items, from) {
    for (let i = from; i < items.length; i++) {
      if (this.subscription.over && this.subscription.reason === null) return;
      let given;
      try {
        given = items[i] instanceof Gap ? this.lost(items[i]) : this.handler(items[i]);
      } catch (error) {
        this.failed(error);
        continue;
      }
      if (typeof given?.then === 'function') {
        const next = () => this.run(items, i + 1);
        given.then(next, (error) => {
          this.failed(error);
          next();
        });
        return;
      }
    }
    setImmediate(() => this.turn());
  }

  failed(error) {
    log.error(`${this.name}: the handler failed`, error);
  }

  /** Where nobody wants to be told of losses the log is, now and then. */
  tell(gap) {
    this.missed += gap.missed;
    const now = performance.now();
    if (now - this.told < PERIOD) return;
    this.told = now;
    log.warn(`${this.name}: ${this.missed} events were lost`);
    this.missed = 0;
  }

  ended() {
    const { error } = this.subscription;
    if (error !== null) log.error(`${this.name}: nothing more comes`, error);
  }
}

module.exports = { Listening };
