'use strict';
// From a request to its handler, and from what that gives back to the answer.

const { AsyncResource } = require('node:async_hooks');

const log = require('./log.js');
const { handlerFailed, noAnswer, notSent } = require('./problem.js');
const { Reply } = require('./reply.js');
const { Request } = require('./request.js');

/** Nothing hears of its end, so that nobody has to be told. */
const NOT_TOLD = { requireManualDestroy: true };

/**
 * What serves a route by a handler. It never throws.
 * @param {string} route for the log: the method and the pattern
 * @param {(request: Request, reply: Reply) => unknown} handler
 */
function serving(route, handler) {
  return function serve(exchange) {
    const request = new Request(exchange);
    const reply = new Reply(exchange, route);
    // What an AsyncLocalStorage knows is of this request: many are handled in one turn.
    const scope = new AsyncResource('SLOTWAYREQUEST', NOT_TOLD);
    scope.runInAsyncScope(handle, undefined, route, handler, request, reply);
    if (!exchange.answered) {
      exchange.oncancel = () => scope.runInAsyncScope(request._cancel, request);
    }
  };
}

/** Calls a handler, and answers with what it gives back now or later. */
function handle(route, handler, request, reply) {
  const { exchange } = request;
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
