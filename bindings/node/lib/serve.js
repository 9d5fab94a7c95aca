'use strict';
// Serves what node:http would: any function of a request and a response.

const Connection = require('./http/connection.js');
const { messages } = require('./http/messages.js');
const { reset } = require('./http/failures.js');
const { DONE } = require('./http/phase.js');
const { Events } = require('./events/index.js');
const { Offer } = require('./offer.js');
const { check } = require('./options.js');
const { Running } = require('./running.js');
const { untilSignal } = require('./signals.js');
const { answerProblem } = require('./problem.js');
const log = require('./log.js');

/** What is registered unless something else is asked for: every path. */
const ROUTES = ['/', '/{*path}'];

/** What a client reads where the application has no answer; the log has the rest. */
const DETAILS = {
  handler_failed: "The application threw an error; the worker's log has it.",
  bad_answer: 'The application gave an answer that cannot be sent.',
};

/** A listener that serves. Applications find it as `req.socket.server`. */
class Server extends Running {
  /**
   * @param {import('node:http').RequestListener} listener
   * @param {object} options see `serve`
   * @param {Function} [like] what the listener hands its messages on to
   */
  constructor(listener, { name = 'app', routes = ROUTES, sse = {}, ...options }, like = listener) {
    const { maxConcurrent, instance, ...connection } = check(options);
    const events = new Events();
    for (const [pattern, handlers] of Object.entries(sse)) events.sse(pattern, handlers);
    const serve = (exchange) => handle(this, exchange);
    const offer = new Offer(name, { maxConcurrent, instance });
    offer.routes = routes.map((pattern) => ({ route: ['*', pattern, null, false], serve }));
    super([offer], connection, events, name);
    this.listener = listener;
    const { Request, Response } = messages(like);
    this.Request = Request;
    this.Response = Response;
  }

  /** Answers with a problem in the application's place. */
  refuse(exchange, code, what, error) {
    log.error(what, error);
    answerProblem(exchange, code, DETAILS[code]);
  }
}

/** One request; does not throw. */
function handle(server, exchange) {
  const connection = new Connection(server, exchange);
  const request = new server.Request(connection);
  const response = new server.Response(request, connection);
  try {
    const result = connection.scope.runInAsyncScope(server.listener, server, request, response);
    if (result instanceof Promise) result.then(undefined, (error) => failed(connection, error));
  } catch (error) {
    failed(connection, error);
  }
  if (connection.phase === DONE) return;
  // Node's parser has come to the end by now.
  if (!connection.hasBody) request.complete = true;
  exchange.oncancel = () => {
    connection.scope.runInAsyncScope(connection.lost, connection, reset());
  };
}

function failed(connection, error) {
  const what = 'the application failed';
  if (connection.phase !== DONE) {
    connection.refuse('handler_failed', what, error);
  } else {
    const { method, url } = connection.incoming;
    log.error(`${method} ${url}: ${what} after its answer`, error);
  }
}

/**
 * Serves a listener for requests, as `http.createServer` takes it, and gives a promise for when
 * the hub sends requests here. SIGTERM and SIGINT drain, unless `signals` is false.
 *
 * @param {import('node:http').RequestListener} listener
 * @param {object} [options]
 */
async function serve(listener, { signals = true, ...options } = {}) {
  if (typeof listener !== 'function') {
    throw new TypeError(
      `what serves is a function of a request and a response, not ${typeof listener}` +
        (typeof listener?.callback === 'function' ? '; give it app.callback()' : '') +
        (typeof listener?.routing === 'function' ? '; await app.ready(), give it app.routing' : ''),
    );
  }
  const server = new Server(listener, options);
  // What it ends with is told by `live` and `closed`.
  if (signals) untilSignal(server).catch(() => {});
  await server.live();
  return server;
}

module.exports = { ROUTES, Server, handle, serve };
