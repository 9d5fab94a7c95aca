'use strict';
// A worker: routes, what answers them, and how to reach the hub.

const { withCalls } = require('./calls/index.js');
const { Events, withEvents } = require('./events/index.js');
const { Offer, Offering } = require('./offer.js');
const { check } = require('./options.js');
const { Running } = require('./running.js');
const { untilSignal } = require('./signals.js');

/**
 * Answers requests that the hub hands over.
 *
 *     const worker = new Worker('greeter');
 *     worker.get('/hello/{name}', (req) => `hello, ${req.params.name}`);
 *     await worker.run();
 */
class Worker extends Offering {
  constructor(name, options = {}) {
    super();
    const { maxConcurrent, instance, ...connection } = check(options);
    /** Its registrations. */
    this._offers = [new Offer(name, { maxConcurrent, instance })];
    this._options = connection;
    /** What it publishes, subscribes and calls with. */
    this.events = new Events();
  }

  _offer() {
    return this._offers.at(-1);
  }

  /** Begins a further registration: routes and activities that follow belong to it. */
  also(name, options) {
    this._offers.push(new Offer(name, options));
    return this;
  }

  /** Begins to connect, and serves as soon as there is a hub. */
  begin() {
    const [first] = this._offers;
    // One that takes nothing is there to publish, to subscribe and to call.
    const offers = this._offers.length === 1 && first.empty ? [] : this._offers;
    return new Running(offers, this._options, this.events, first.name);
  }

  /** Connects and serves, and gives a promise for when the hub sends requests here. */
  async start() {
    const running = this.begin();
    await running.live();
    return running;
  }

  /**
   * Connects and serves until SIGTERM or SIGINT, then drains; a second signal does not wait for
   * the drain. The promise is for the end.
   */
  async run() {
    await untilSignal(this.begin());
  }
}

withEvents(Worker);
withCalls(Worker);

module.exports = { Worker };
