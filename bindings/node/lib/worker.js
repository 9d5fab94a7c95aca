'use strict';
// A worker: routes, what answers them, and how to reach the hub.

const { Running } = require('./running.js');
const { Encoded } = require('./exchange.js');
const { handlerFailed } = require('./problem.js');

const TEXT = new Encoded(['content-type', 'text/plain; charset=utf-8']);

class Worker {
  constructor(name, options = {}) {
    this.offers = [{ name, maxConcurrent: options.maxConcurrent, routes: [] }];
    this.options = options;
    this.serves = [];
  }

  get(pattern, handler) {
    this.offers.at(-1).routes.push(['GET', pattern, null, false]);
    const route = `GET ${pattern}`;
    this.serves.push((exchange) => {
      try {
        exchange.respond(200, TEXT, handler(exchange));
      } catch (error) {
        handlerFailed(exchange, route, error);
      }
    });
    return this;
  }

  async start() {
    const running = new Running(this.offers, this.options, this.serves);
    await running.live();
    return running;
  }
}

module.exports = { Worker };
