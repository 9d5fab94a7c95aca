'use strict';
// What is registered under one name: routes and activities, and what answers them.

const { streaming } = require('./events/stream.js');
const { requestOf } = require('./fetch.js');
const { serving } = require('./handle.js');

/** Every path; the pattern with a rest does not match an empty one. */
const EVERY_PATH = ['/', '/{*path}'];

/** One name, its routes and its queues. */
class Offer {
  constructor(name, { instance, maxConcurrent } = {}) {
    this.name = name;
    this.instance = instance;
    this.maxConcurrent = maxConcurrent;
    /** Each route has what serves it beside it, and so has each activity of a queue. */
    this.routes = [];
    this.queues = new Map();
  }

  /** By which the hub knows it, and tells it from others of its connection. */
  get identity() {
    return this.instance === undefined ? this.name : `${this.name}.${this.instance}`;
  }

  /** Whether it takes nothing. */
  get empty() {
    return this.routes.length + this.queues.size === 0;
  }

  queue(name) {
    if (!this.queues.has(name)) this.queues.set(name, { capacity: undefined, activities: [] });
    return this.queues.get(name);
  }

  /** What is registered, and what serves it in the order in which the hub counts. */
  parts() {
    // Routes for every host come first, whoever was named first.
    const routes = this.routes.toSorted(
      (one, other) => Number(one.route[2] !== null) - Number(other.route[2] !== null),
    );
    const queues = [...this.queues].map(([queue, { capacity, activities }]) => {
      return { queue, capacity, activities: activities.map(({ type }) => type) };
    });
    const activities = [...this.queues.values()].flatMap((queue) => queue.activities);
    const { name, instance, maxConcurrent } = this;
    return {
      registration: {
        name,
        instance,
        maxConcurrent,
        routes: routes.map(({ route }) => route),
        queues,
      },
      serves: [...routes, ...activities].map(({ serve }) => serve),
    };
  }
}

/** What a class is extended by that adds to an offer, which its `_offer()` gives. */
class Offering {
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
    this._offer().routes.push({
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
    this._offer().routes.push({
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
    const serve = serving(`${queue}/${type}`, handler);
    this._offer().queue(queue).activities.push({ type, serve });
    return this;
  }

  /** Activities of a queue in this worker's hands at most; the rest waits in the hub. */
  capacity(queue, activities) {
    this._offer().queue(queue).capacity = activities;
    return this;
  }
}

for (const method of ['get', 'head', 'post', 'put', 'patch', 'delete', 'options']) {
  /** Adds a route for one method. */
  Offering.prototype[method] = function route(pattern, ...rest) {
    return this.route(method.toUpperCase(), pattern, ...rest);
  };
}

module.exports = { Offer, Offering };
