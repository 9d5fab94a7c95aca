'use strict';
// From a request to its handler, and from what that gives back to the answer.

const log = require('./log.js');
const { handlerFailed, noAnswer, notSent } = require('./problem.js');
const { Reply } = require('./reply.js');
const { Request } = require('./request.js');

/**
 * What serves a route by a handler. It never throws.
 * @param {string} route for the log: the method and the pattern
 * @param {(request: Request, reply: Reply) => unknown} handler
 */
function serving(route, handler) {
  return function serve(exchange) {
    const request = new Request(exchange);
    const reply = new Reply(exchange, route);
    let value;
    try {
      value = handler(request, reply);
    } catch (error) {
      handlerFailed(exchange, route, error);
      return;
    }
    if (typeof value?.then === 'function') {
      value.then(
        (value) => settle(exchange, reply, route, value, true),
        (error) => handlerFailed(exchange, route, error),
      );
    } else {
      settle(exchange, reply, route, value, false);
    }
    if (!exchange.answered) exchange.oncancel = () => request._cancel();
  };
}

/** Answers with what a handler gave back. */
function settle(exchange, reply, route, value, late) {
  // Those who answer by themselves give back nothing, or the reply.
  if (value === undefined || value === reply) {
    if (value === undefined && late && !reply.sent) noAnswer(exchange, route);
    return;
  }
  if (reply.sent) {
    if (exchange.cancelled) return;
    log.error(`${route}: the handler has answered by itself, and gave back an answer too`);
    if (!exchange.answered && !reply.given) exchange.abort();
    return;
  }
  try {
    reply._give(value);
  } catch (error) {
    notSent(exchange, route, error);
  }
}

module.exports = { serving };
