'use strict';
// A worker: routes, what answers them, and how to reach the hub.

const { withCalls } = require('./calls/index.js');
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
    /** Registrations; each route and each activity has what serves it beside it. */
    this._offers = [offerOf(name, maxConcurrent)];
    this._options = connection;
    /** What it publishes, subscribes and calls with. */
    this.events = new Events();
  }

  /** Begins a further registration: routes and activities that follow belong to it. */
  also(name, { maxConcurrent } = {}) {
    this._offers.push(offerOf(name, maxConcurrent));
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

  /** Takes activities of one type from a queue, `namespace/queue`: the answer is the outcome. */
  activity(queue, type, handler) {
    if (typeof handler !== 'function') {
      throw new TypeError(`what does ${queue}/${type} is a function, not ${String(handler)}`);
    }
    this._queue(queue).activities.push({ type, serve: serving(`${queue}/${type}`, handler) });
    return this;
  }

  /** Activities of a queue in this worker's hands at most; the rest waits in the hub. */
  capacity(queue, activities) {
    this._queue(queue).capacity = activities;
    return this;
  }

  _queue(name) {
    const { queues } = this._offers.at(-1);
    if (!queues.has(name)) queues.set(name, { capacity: undefined, activities: [] });
    return queues.get(name);
  }

  /** Begins to connect, and serves as soon as there is a hub. */
  begin() {
    const serves = [];
    // One that takes nothing is there to publish, to subscribe and to call.
    const [{ name, routes, queues }] = this._offers;
    const alone = this._offers.length === 1 && routes.length + queues.size === 0;
    const offers = alone ? [] : this._offers;
    const registrations = offers.map(({ routes, queues, ...offer }) => {
      // Those for every host come first, whoever was named first.
      const sorted = routes.toSorted(
        (one, other) => Number(one.route[2] !== null) - Number(other.route[2] !== null),
      );
      const taken = [...queues.values()].flatMap(({ activities }) => activities);
      serves.push([...sorted, ...taken].map(({ serve }) => serve));
      return { ...offer, routes: sorted.map(({ route }) => route), queues: queuesOf(queues) };
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

function offerOf(name, maxConcurrent) {
  return { name, maxConcurrent, routes: [], queues: new Map() };
}

/** Queues as they are registered. */
function queuesOf(queues) {
  return [...queues].map(([queue, { capacity, activities }]) => {
    return { queue, capacity, activities: activities.map(({ type }) => type) };
  });
}

for (const method of ['get', 'head', 'post', 'put', 'patch', 'delete', 'options']) {
  /** Adds a route for one method. */
  Worker.prototype[method] = function route(pattern, ...rest) {
    return this.route(method.toUpperCase(), pattern, ...rest);
  };
}

withEvents(Worker);
withCalls(Worker);

module.exports = { Worker };
