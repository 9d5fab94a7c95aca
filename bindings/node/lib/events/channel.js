'use strict';
// A connection's way to the hub's events, and for calls.

const { SlotwayError, CODES } = require('../errors.js');
const { receive } = require('./incoming.js');
const { publishOne, publishSome } = require('./outgoing.js');

/** What notices of room come under. */
const ROOM = -1;
/** What the native part says when there is no hub. */
const NO_HUB = -1;

/** A connection's way to the hub's events, and for calls. */
class Channel {
  /**
   * @param {import('../service.js').Service} service
   * @param {string} principal who publishes, where that is not said otherwise; empty: whoever the
   *   hub says
   * @param {Map<string, number>} streams the registrations of streams, by their patterns
   */
  constructor(service, principal, streams) {
    this.core = service.core;
    this.service = service;
    this.principal = principal;
    this.streams = streams;
    /** The last event found no room. */
    this.full = false;
    /** There was no hub when somebody looked. */
    this.away = false;
    /** Who waits for room. */
    this.waiting = [];
    service.waiting.set(ROOM, this);
    service.channel = this;
  }

  // --- publishing ---

  publish(topic, payload, options) {
    return this.told(publishOne(this.core, topic, payload, options, this.principal)) === 1;
  }

  publishMany(events) {
    let done = 0;
    while (done < events.length) {
      let some;
      try {
        some = publishSome(this.core, events, done, this.principal);
      } catch (error) {
        // Those before are published: whoever goes on behind them hears of it.
        if (done > 0) break;
        throw error;
      }
      const published = Math.max(0, this.told(some.published, some.given));
      done += published;
      if (published < some.given) break;
    }
    return done;
  }

  push(target, data, answer) {
    const { core, service } = this;
    const number = core.push(target.what, target.texts, data, target.registration, answer);
    if (number >= NO_HUB) return this.told(number);
    return new Promise((resolve, reject) => {
      const look = {
        noticed: () => {
          let status;
          try {
            status = core.pushed(number);
          } catch (error) {
            service.waiting.delete(number);
            reject(error);
            return;
          }
          if (status === -1) return;
          service.waiting.delete(number);
          resolve(status);
        },
      };
      service.waiting.set(number, look);
      // From the first look on a notice comes.
      look.noticed();
    });
  }

  /** Begins a call, whose number it gives; 0: there is no room, or no hub. */
  call(texts, payload, numbers, calling) {
    const number = this.core.call(texts, payload, numbers);
    if (number >= NO_HUB) {
      this.told(number);
      return 0;
    }
    this.service.waiting.set(number, calling);
    return number;
  }

  /** What the native part said of how many it took. */
  told(count, of = 1) {
    this.away = count === NO_HUB;
    if (!this.away) this.full = count < of;
    return count;
  }

  /** Resolves when there may be room. */
  ready() {
    if (this.look()) return Promise.resolve();
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Whether there may be room now; if not, it is looked again when that may have changed. */
  look() {
    if (this.service.ended) throw closed();
    this.away = !this.core.connected();
    if (this.away) return false;
    // Without an event that found none a notice may never come: nothing would change.
    if (this.full) this.full = this.core.room() === 0;
    return !this.full;
  }

  /** There may be room, or another hub, or never be any again. */
  noticed() {
    this.full = false;
    if (this.waiting.length === 0) return;
    let room;
    try {
      room = this.look();
    } catch (error) {
      for (const { reject } of this.waiting.splice(0)) reject(error);
      return;
    }
    if (room) for (const { resolve } of this.waiting.splice(0)) resolve();
  }

  // --- subscribing ---

  listen(patterns, options, subscription) {
    const number = this.core.subscribe(patterns, options);
    this.service.waiting.set(number, subscription);
    return number;
  }

  leave(number) {
    this.service.waiting.delete(number);
    this.core.unsubscribe(number);
  }

  live(number) {
    return this.core.live(number);
  }

  receive(number) {
    return receive(this.core, number);
  }
}

const closed = () => new SlotwayError('the worker has ended', CODES.closed);

module.exports = { Channel };
