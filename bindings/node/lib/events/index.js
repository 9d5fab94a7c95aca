'use strict';
// Events, as programs see them.

const native = require('../native.js');
const { SlotwayError, CODES } = require('../errors.js');
const { Listening } = require('./listening.js');
const { payloadOf } = require('./outgoing.js');
const { streaming } = require('./stream.js');
const { Subscription } = require('./subscription.js');
const { targetOf } = require('./target.js');

const OPTIONS = new Set(['mode', 'capacity', 'overflow', 'principal', 'after', 'queue']);

/**
 * Publishes and subscribes through a connection, as soon as there is one: what is subscribed to
 * before begins with it, what is published before finds no room.
 */
class Events {
  constructor() {
    this._channel = null;
    /** Subscriptions without a connection. */
    this._early = new Set();
    /** Streams that are registered with the connection. */
    this._streams = [];
    /** Who waits for a connection. */
    this._waiting = [];
  }

  /** Publishes an event, if there is room for it now. */
  publish(topic, payload, options) {
    return this._channel === null ? false : this._channel.publish(topic, payload, options);
  }

  /** Publishes events in order, as many as there is room for; gives how many. */
  publishMany(events) {
    return this._channel === null ? 0 : this._channel.publishMany(listOf(events));
  }

  /** Publishes all of them, and waits for room. */
  async publishAll(events) {
    if (typeof events?.[Symbol.asyncIterator] === 'function') {
      for await (const event of events) await this._all([event]);
    } else {
      await this._all(listOf(events));
    }
  }

  async _all(events) {
    let rest = events;
    for (;;) {
      const published = this.publishMany(rest);
      if (published === rest.length) return;
      rest = rest.slice(published);
      if (published === 0) await this.ready();
    }
  }

  /** Waits until there may be room for an event that found none. */
  async ready() {
    if (this._channel === null) {
      await new Promise((resolve, reject) => this._waiting.push({ resolve, reject }));
    }
    await this._channel.ready();
  }

  /** What the hub did not publish of what it was given. */
  refusals() {
    const told = this._channel === null ? [] : this._channel.core.refusals();
    const refusals = [];
    for (let i = 0; i < told.length; i += 2) refusals.push({ reason: told[i], count: told[i + 1] });
    return refusals;
  }

  /** The events of topics: a subscription, to be iterated. */
  subscribe(patterns, { signal, ...options } = {}) {
    const list = typeof patterns === 'string' ? [patterns] : [...patterns];
    for (const name in options) {
      if (!OPTIONS.has(name)) {
        throw new TypeError(
          `a subscription has no ${name}; there are signal, ${[...OPTIONS].join(', ')}`,
        );
      }
    }
    native.checkTopics(list, options);
    const subscription = new Subscription(list, options);
    if (signal !== undefined) {
      if (signal.aborted) {
        subscription.close();
        return subscription;
      }
      const abort = () => subscription.close();
      signal.addEventListener('abort', abort, { once: true });
      subscription.ends.push(() => signal.removeEventListener('abort', abort));
    }
    this._begin(subscription);
    return subscription;
  }

  /** Has a handler called for each event of topics. */
  on(patterns, handler, { lost, ...options } = {}) {
    for (const [name, given] of Object.entries({ handler, lost })) {
      if (typeof given !== 'function' && (name === 'handler' || given !== undefined)) {
        throw new TypeError(`the ${name} of events is a function, not ${typeof given}`);
      }
    }
    const subscription = this.subscribe(patterns, options);
    if (!subscription.over) new Listening(subscription, handler, lost).hear();
    return subscription;
  }

  _begin(subscription) {
    if (this._channel !== null) {
      subscription._attach(this._channel);
      return;
    }
    this._early.add(subscription);
    subscription.ends.push(() => this._early.delete(subscription));
  }

  /** Registers a stream that the worker owns. */
  sse(pattern, handlers) {
    if (this._channel !== null) {
      throw new SlotwayError(
        `the stream ${pattern} comes too late: the worker has begun`,
        CODES.out_of_order,
      );
    }
    this._streams.push({ pattern, serve: streaming(pattern, handlers) });
    return this;
  }

  /** Pushes to clients of a stream, and gives what became of it. */
  async push(to, data, options) {
    for (;;) {
      const told = this._push(to, data, options, true);
      if (typeof told !== 'number') return told;
      await this.ready();
    }
  }

  /** Pushes to clients of a stream, if there is room now. */
  tryPush(to, data, options) {
    return this._push(to, data, options, false) === 1;
  }

  _push(to, data, options, answer) {
    const target = targetOf(to, options);
    const payload = payloadOf(data);
    if (this._channel === null) return 0;
    const { streams } = this._channel;
    target.registration = streams.get(options?.name ?? target.pattern) ?? streams.get('') ?? 0;
    return this._channel.push(target, payload, answer);
  }

  /** There is a connection. */
  _attach(channel) {
    this._channel = channel;
    for (const subscription of this._early) subscription._attach(channel);
    this._early.clear();
    for (const { resolve } of this._waiting.splice(0)) resolve();
  }

  /** There is none any more: the next one that begins is it. */
  _detach(channel) {
    if (this._channel === channel) this._channel = null;
  }
}

function listOf(events) {
  if (Array.isArray(events)) return events;
  if (typeof events?.[Symbol.iterator] === 'function') return [...events];
  throw new TypeError('events are an array of objects with a topic each, or an iterable of them');
}

/** Those of whoever serves this process: the first worker that begins. */
const events = new Events();

const METHODS = Object.getOwnPropertyNames(Events.prototype).filter((name) => /^[a-z]/.test(name));

/** Gives a class the methods of its `events`, but for those that it has itself. */
function withEvents(type) {
  for (const name of METHODS) {
    if (name in type.prototype) continue;
    type.prototype[name] = function (...given) {
      return this.events[name](...given);
    };
  }
}

module.exports = { Events, events, withEvents };
