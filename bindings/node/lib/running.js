'use strict';
// A connection that serves, and how it ends.

const native = require('./native.js');
const { withCalls } = require('./calls/index.js');
const { SlotwayError, CODES } = require('./errors.js');
const { Channel } = require('./events/channel.js');
const { Events, events: shared, withEvents } = require('./events/index.js');
const { Service } = require('./service.js');
const log = require('./log.js');
const { Offer } = require('./offer.js');

/**
 * A worker that serves. `closed` is a promise for its end: it is rejected when the hub refused
 * the worker, or when the drain's deadline passed with requests in hand.
 */
class Running {
  /** Hears of every one that begins: the command line, which is to be the one who begins. */
  static heard = null;

  /**
   * Begins to connect, and to serve as soon as there is a hub.
   * @param {import('./offer.js').Offer[]} offers
   * @param {import('../native.d.ts').NativeOptions} options
   * @param {Events} events what programs publish, subscribe and call with
   * @param {string} name who it is, where it registers nothing
   */
  constructor(offers, options, events = new Events(), name = 'app') {
    Running.heard?.();
    log.prepare();
    this.events = events;
    const attached = shared._channel === null ? [events, shared] : [events];
    const parts = offers.map((offer) => offer.parts());
    for (const { pattern, serve } of attached.flatMap(({ _streams }) => _streams)) {
      if (parts.length === 0) parts.push(new Offer(name).parts());
      // Those of every host come first.
      parts[0].registration.routes.unshift(['GET', pattern, null, false, true]);
      parts[0].serves.unshift(serve);
    }
    const registrations = parts.map(({ registration }) => registration);
    const serves = parts.map(({ serves }) => serves);
    this.core = native.open(registrations, options);
    this.closed = new Promise((resolve, reject) => {
      this.service = new Service(this.core, serves, (error) => {
        this.end(error).then(resolve, reject);
      });
    });
    // Whoever wants to know asks; an end that nobody asks about is none to warn of.
    this.closed.catch(() => {});
    const principal = registrations.length === 0 ? name : '';
    const streams = new Map();
    registrations.forEach((registration, number) => addStreams(streams, number, registration));
    const channel = new Channel(this.service, principal, streams);
    this.channel = channel;
    this.service.begin();
    for (const one of attached) one._attach(channel);
    this.closed.catch(() => {}).then(() => shared._detach(channel));
  }

  /** Adds a registration, and gives its number. */
  _add(offer) {
    const { registration, serves } = offer.parts();
    const number = this.core.add(registration);
    // Nothing comes for it before the loop's next turn.
    this.service.serves[number] = serves;
    addStreams(this.channel.streams, number, registration);
    return number;
  }

  /** Whether there is a hub at the other end now. */
  get connected() {
    return this.core.connected();
  }

  /** Waits until the hub sends requests here; how long is the option `connect`. */
  async live() {
    try {
      await this.core.waitLive();
    } catch (error) {
      this.core.beginClose();
      throw error;
    }
  }

  /** Begins to drain: nothing new comes, what is in hand is answered. */
  beginShutdown() {
    this.core.beginShutdown();
  }

  /** Begins to close without a drain: the hub answers for what is in hand. */
  beginClose() {
    this.core.beginClose();
  }

  /** Drains, and waits for it. Rejects when the drain's deadline passed. */
  async shutdown() {
    this.core.beginShutdown();
    await this.closed;
  }

  /** Closes without a drain, and waits for it. */
  async close() {
    this.core.beginClose();
    await this.closed.catch(() => {});
  }

  /** Lets the process end although the worker serves. */
  unref() {
    this.core.hold(false);
    return this;
  }

  /** Keeps the process alive while the worker serves, as it does at first. */
  ref() {
    this.core.hold(true);
    return this;
  }

  async end(error) {
    // What is not served any more is not to be sent here either.
    if (error !== null) this.core.beginClose();
    const drained = await this.core.waitClosed().finally(() => this.service.lookUp());
    if (error !== null) throw error;
    if (!drained) {
      throw new SlotwayError("the drain's deadline passed with requests in hand", CODES.timeout);
    }
  }
}

withEvents(Running);
withCalls(Running);

/** Where streams are registered: by their patterns, by names, and the first under no name. */
function addStreams(streams, number, { name, routes }) {
  for (const [, pattern, , , sse] of routes) {
    if (sse) streams.set(pattern, number).set(name, number);
    if (sse && !streams.has('')) streams.set('', number);
  }
}

module.exports = { Running };
