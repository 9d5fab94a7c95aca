'use strict';
// A worker: routes, what answers them, and how to reach the hub.

const { Events, withEvents } = require('./events/index.js');
const { streaming } = require('./events/stream.js');
const { requestOf } = require('./fetch.js');
const { serving } = require('./handle.js');
const { check } = require('./options.js');
const { Running } = require('./running.js');
const { untilSignal } = require('./signals.js');

/** Every path; the pattern with a rest does not match an empty one. */
const EVERY_PATH = ['/', '/{*path}'];

/**
 * Answers requests that the hub hands over.
 *
 *     const worker = new Worker('greeter');
 *     worker.get('/hello/{name}', (req) => `hello, ${req.params.name}`);
 *     await worker.run();
 */
class Worker {
  constructor(name, options = {}) {
    const { maxConcurrent, ...connection } = check(options);
    /** Registrations; each route has what serves it beside it. */
    this._offers = [{ name, maxConcurrent, routes: [] }];
    this._options = connection;
    /** What it publishes and subscribes with. */
    this.events = new Events();
  }

  /** Begins a further registration: routes that follow belong to it. */
  also(name, { maxConcurrent } = {}) {
    this._offers.push({ name, maxConcurrent, routes: [] });
    return this;
  }

  /**
   * Adds a route: a method, or `*` for every method that no other route of the pattern names,
   * and a pattern. Between pattern and handler there may be options.
   */
  route(method, pattern, ...rest) {
    const handler = rest.pop();
    const { host = null, idempotent = false } = rest[0] ?? {};
    if (typeof handler !== 'function') {
      throw new TypeError(
        `what answers ${method} ${pattern} is a function, not ${String(handler)}`,
      );
    }
    this._offers.at(-1).routes.push({
      route: [method, pattern, host, Boolean(idempotent)],
      serve: serving(`${method} ${pattern}`, handler),
    });
    return this;
  }

  /** Adds a route for every method that no other route of the pattern names. */
  any(pattern, ...rest) {
    return this.route('*', pattern, ...rest);
  }

  /**
   * Adds what answers in the form of the web: `(request: Request) => Response`. Without a
   * pattern it answers every path.
   */
  fetch(...given) {
    const handler = given.pop();
    if (typeof handler !== 'function') {
      throw new TypeError(`what answers is a function, not ${String(handler)}`);
    }
    const patterns = typeof given[0] === 'string' ? [given.shift()] : EVERY_PATH;
    const options = given[0] ?? {};
    for (const pattern of patterns) {
      this.route('*', pattern, options, (req) => handler(requestOf(req)));
    }
    return this;
  }

  /**
   * Adds a stream that this worker owns: the hub holds its clients. Between pattern and handlers
   * there may be options.
   */
  sse(pattern, ...rest) {
    const handlers = rest.pop();
    const { host = null } = rest[0] ?? {};
    this._offers.at(-1).routes.push({
      route: ['GET', pattern, host, false, true],
      serve: streaming(pattern, handlers),
    });
    return this;
  }

  /** Begins to connect, and serves as soon as there is a hub. */
  begin() {
    const serves = [];
    // One without routes is there to publish and to subscribe.
    const [{ name, routes }] = this._offers;
    const offers = this._offers.length === 1 && routes.length === 0 ? [] : this._offers;
    const registrations = offers.map(({ routes, ...offer }) => {
      // Those for every host come first, whoever was named first.
      const sorted = routes.toSorted(
        (one, other) => Number(one.route[2] !== null) - Number(other.route[2] !== null),
      );
      serves.push(...sorted.map(({ serve }) => serve));
      return { ...offer, routes: sorted.map(({ route }) => route) };
    });
    return new Running(registrations, this._options, serves, this.events, name);
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

for (const method of ['get', 'head', 'post', 'put', 'patch', 'delete', 'options']) {
  /** Adds a route for one method. */
  Worker.prototype[method] = function route(pattern, ...rest) {
    return this.route(method.toUpperCase(), pattern, ...rest);
  };
}

withEvents(Worker);

module.exports = { Worker };
