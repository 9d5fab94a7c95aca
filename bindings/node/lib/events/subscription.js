'use strict';
// The events of some topics, as they are published.

const { SlotwayError, CODES } = require('../errors.js');

const NONE = 0;

/**
 * The events of some topics: iterate it.
 *
 * What is not taken stays in memory of a fixed size, outside of JavaScript's; when that is full
 * events are lost by the subscription's policy, and a `Gap` is in their place.
 */
class Subscription {
  constructor(patterns, options) {
    this.patterns = patterns;
    this.options = options;
    this.channel = null;
    this.number = NONE;
    /** Taken and not given. */
    this.items = [];
    this.at = 0;
    /** Calls of `next` that wait. */
    this.waiting = [];
    /** Who is told that there may be something, in place of those. */
    this.hear = null;
    /** Who is told that nothing more comes. */
    this.ends = [];
    this.over = false;
    /** What the next call of `next` is to be told. */
    this.error = null;
    /** Why it is over. */
    this.reason = null;
    this._live = null;
  }

  // --- for those who use it ---

  /**
   * Waits until the hub has said that events come: what is published from then on will. Rejected
   * when it says otherwise, or the subscription ends before.
   */
  live() {
    if (this._live === null) {
      this._live = withResolvers();
      // Whoever does not ask does not want to be told.
      this._live.promise.catch(() => {});
      this._lookLive();
    }
    return this._live.promise;
  }

  /** Ends it. What was not taken is gone. */
  close() {
    if (this.number !== NONE) {
      this.channel.leave(this.number);
      this.number = NONE;
    }
    this.items = [];
    this.at = 0;
    this._end(null);
  }

  /** The next event, or gap. */
  next() {
    const item = this._now();
    if (item !== undefined) return Promise.resolve({ value: item, done: false });
    if (this.error !== null) {
      const { error } = this;
      this.error = null;
      return Promise.reject(error);
    }
    if (this.over) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  return(value) {
    this.close();
    return Promise.resolve({ value, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  // --- for the connection ---

  /** The connection is there. */
  _attach(channel) {
    if (this.over) return;
    this.channel = channel;
    try {
      this.number = channel.listen(this.patterns, this.options, this);
    } catch (error) {
      this._fail(error);
      return;
    }
    // From the first look on notices come.
    this.noticed();
  }

  /** There may be something. */
  noticed() {
    if (this._live !== null) this._lookLive();
    if (this.hear !== null) {
      this.hear();
      return;
    }
    while (this.waiting.length > 0) {
      const item = this._now();
      if (item === undefined) break;
      this.waiting.shift().resolve({ value: item, done: false });
    }
    if (this.at === this.items.length) this._fill();
  }

  /** The next item if it is here now. */
  _now() {
    if (this.at === this.items.length && !this._fill()) return undefined;
    const item = this.items[this.at];
    this.items[this.at] = undefined;
    this.at += 1;
    return item;
  }

  /** All that is here now, for `hear`. */
  _take() {
    if (this.at === this.items.length) this._fill();
    const items = this.at === 0 ? this.items : this.items.slice(this.at);
    this.items = [];
    this.at = 0;
    return items;
  }

  /** Takes what has come, if everything before was given. */
  _fill() {
    if (this.number === NONE) return false;
    try {
      this.items = this.channel.receive(this.number);
      this.at = 0;
      return this.items.length > 0;
    } catch (error) {
      this._fail(error);
      return false;
    }
  }

  _lookLive() {
    if (this.number === NONE) {
      if (this.over) this._live.reject(this.reason ?? closed());
      return;
    }
    try {
      if (this.channel.live(this.number)) this._live.resolve();
    } catch (error) {
      this._live.reject(error);
    }
  }

  /** Nothing more comes, for a reason; that the worker has ended is an end like another. */
  _fail(error) {
    if (this.number !== NONE) this.channel.leave(this.number);
    this.number = NONE;
    this.reason = error;
    this._end(error.code === CODES.closed ? null : error);
  }

  _end(error) {
    if (this.over) return;
    this.over = true;
    this.error = error;
    this._live?.reject(error ?? closed());
    for (const { resolve, reject } of this.waiting.splice(0)) {
      if (this.error === null) {
        resolve({ value: undefined, done: true });
      } else {
        reject(this.error);
        this.error = null;
      }
    }
    for (const end of this.ends.splice(0)) end();
  }
}

const closed = () => new SlotwayError('the subscription has ended', CODES.closed);

function withResolvers() {
  const settle = {};
  settle.promise = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return settle;
}

module.exports = { Subscription };
