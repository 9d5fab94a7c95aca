'use strict';
// What stands where node's own server has a socket: one for each request.
//
// The request and the response are node's own IncomingMessage and ServerResponse, so that
// applications find what they know down to the last corner. These speak to a socket in few
// words: `resume` when somebody reads, `cork` and `uncork` around what belongs together,
// `destroy`. What would become text on a wire comes by the three methods that `response.js`
// puts in its way.

const { AsyncResource } = require('node:async_hooks');
const { EventEmitter } = require('node:events');

const answer = require('./answer.js');
const failures = require('./failures.js');
const { asUtf8 } = require('./fields.js');
const { close } = require('./finished.js');
const input = require('./input.js');
const { DONE, HELD } = require('./phase.js');

/** Nothing hears of its end, so that nobody has to be told. */
const NOT_TOLD = { requireManualDestroy: true };

/** What a handler finds as `req.socket` and `res.socket`. */
class Connection {
  /**
   * @param {import('../serve.js').Server} server whom the request came to
   * @param {import('../exchange.js').Exchange} exchange
   */
  constructor(server, exchange) {
    // What an EventEmitter has to which nobody listens; its constructor would make an object for
    // listeners, at every request, and mostly for none.
    this._events = undefined;
    this._eventsCount = 0;
    this._maxListeners = undefined;
    this.server = server;
    this.exchange = exchange;
    /** What an AsyncLocalStorage knows is of this request: many are handled in one turn. */
    this.scope = new AsyncResource('SLOTWAYREQUEST', NOT_TOLD);
    /** @type {import('./request.js')} */
    this.incoming = null;
    /** @type {import('./response.js')} */
    this.response = null;
    /** The response for as long as it is not finished, under node's name for it. */
    this._httpMessage = null;
    this.readable = true;
    this.writable = true;
    this.destroyed = false;
    this._paused = false;
    this._hadError = false;

    // The request's body: whether there is one, how much is to come if that is known, how far it
    // was read, and who asks for it.
    this.hasBody = false;
    this.left = -1;
    this.begun = false;
    this.inputOver = false;
    this.wanted = false;
    this.pulling = false;

    // The answer: its head, its first piece for as long as that is held, what waits for room.
    this.phase = HELD;
    this.text = '';
    this.count = 0;
    this.encoded = false;
    this.statesLength = false;
    this.corks = 0;
    this.ending = false;
    this.held = null;
    this.encoding = null;
    this.heldCallback = null;
    this.lastCallback = null;
    this.queue = null;
    this.queued = 0;
    this.ended = false;
    this.lingers = false;

    this.peer = undefined;
    this.timer = null;
    this.timeout = 0;
  }

  // Facts about the client.

  get remoteAddress() {
    return this.whoCame()?.[0];
  }

  get remotePort() {
    const port = this.whoCame()?.[1];
    return port === undefined ? undefined : Number(port);
  }

  get remoteFamily() {
    const address = this.remoteAddress;
    return address && (address.includes(':') ? 'IPv6' : 'IPv4');
  }

  /** Address and port; after the answer only if somebody has asked before, or listens. */
  whoCame() {
    const { exchange } = this;
    if (this.peer === undefined && !exchange.answered) {
      this.peer = exchange.core.peer(exchange.number)?.split(' ') ?? null;
    }
    return this.peer;
  }

  /** Whether the client came by TLS, to the hub or to a proxy that the hub trusts. */
  get encrypted() {
    return this.incoming.headers['x-forwarded-proto'] === 'https' ? true : undefined;
  }

  address() {
    return {};
  }

  // What node's streams ask of it.

  get readableHighWaterMark() {
    return answer.HIGH_WATER_MARK;
  }

  get writableHighWaterMark() {
    return answer.HIGH_WATER_MARK;
  }

  get writableLength() {
    return this.queued;
  }

  get writableCorked() {
    return this.corks;
  }

  /** `end` puts a number into `corked` of what it finds here, right before its `uncork`. */
  get _writableState() {
    return this;
  }

  set corked(count) {
    this.corks = count;
    this.ending = true;
  }

  cork() {
    this.corks += 1;
  }

  uncork() {
    if (this.corks > 0) this.corks -= 1;
    // When it is `end` that uncorks, `_finish` follows, and then the answer is whole.
    if (this.corks === 0 && !this.ending) answer.release(this);
  }

  resume() {
    input.pull(this);
    return this;
  }

  pause() {
    return this;
  }

  /**
   * Only node's interim responses come here. The hub answers `expect: 100-continue` itself and
   * passes no other on.
   */
  write(data, _encoding, callback) {
    if (!/^HTTP\/1\.1 1\d\d /.test(data)) {
      throw new Error('there is no socket behind this request; write to its response');
    }
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  }

  // How it ends.

  /** Ends the stream of an answer that waited for the request to be read. */
  settle() {
    answer.settle(this);
  }

  /** Something has moved: the time of `setTimeout` begins anew. */
  moved() {
    if (this.timer !== null) this.timer.refresh();
  }

  /** Puts the headers into UTF-8, once. */
  asUtf8() {
    if (this.encoded) return;
    this.encoded = true;
    this.text = asUtf8(this.text);
  }

  /** Breaks off: the client gets 502, or a broken response if it had begun. */
  destroy(error) {
    if (!this.destroyed) {
      this._hadError = Boolean(error);
      this.lost(failures.reset(), error);
    }
    return this;
  }

  destroySoon() {
    return this.destroy();
  }

  end() {
    return this.destroy();
  }

  /**
   * Nobody waits for the answer any more, or nobody is to.
   *
   * @param {Error} why for who reads the request
   * @param {Error} [error] for who listens here
   */
  lost(why, error) {
    if (this.destroyed) return;
    this.destroyed = true;
    this.readable = false;
    this.writable = false;
    if (this.timer !== null) clearTimeout(this.timer);
    this.phase = DONE;
    abort(this.exchange);
    process.nextTick(lost, this, why, error);
  }

  /** Answers with a problem in the application's place, and tells the log. */
  refuse(code, what, error) {
    const { method, url } = this.incoming;
    this.exchange.onreadable = this.exchange.onwritable = null;
    this.server.refuse(this.exchange, code, `${method} ${url}: ${what}`, error);
    this.lost(failures.reset());
  }

  // What applications set on a socket.

  setTimeout(milliseconds, callback) {
    this.timeout = Number(milliseconds);
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = this.timeout > 0 ? setTimeout(idle, this.timeout, this).unref() : null;
    if (typeof callback === 'function') {
      if (this.timeout > 0) this.once('timeout', callback);
      else this.removeListener('timeout', callback);
    }
    return this;
  }

  setNoDelay() {
    return this;
  }

  setKeepAlive() {
    return this;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }
}

Object.setPrototypeOf(Connection.prototype, EventEmitter.prototype);

/** Gives the slot back, unless that was done. */
function abort(exchange) {
  if (exchange.answered) return;
  exchange.onreadable = exchange.onwritable = null;
  try {
    exchange.abort();
  } catch {
    // It went between the two.
  }
}

/** In the order of node's server: the request, the response, who listens to the socket. */
function lost(connection, why, error) {
  const { incoming, response, queue, heldCallback, lastCallback } = connection;
  incoming.destroy(why);
  close(response);
  // The last of them would say `finish`.
  connection._hadError = true;
  for (const callback of [heldCallback, lastCallback]) callback?.(why);
  for (const { callback } of queue ?? []) callback(why);
  connection.queue = null;
  if (error && connection.listenerCount('error') > 0) connection.emit('error', error);
  connection.emit('close', Boolean(error));
}

/** As node's server has it: who hears it decides, and if nobody does it is over. */
function idle(connection) {
  const { incoming, response } = connection;
  if (connection.phase === DONE) return;
  const heard = [
    connection.emit('timeout'),
    !incoming.complete && incoming.emit('timeout', connection),
    response.emit('timeout', connection),
  ];
  if (!heard.includes(true)) connection.destroy();
}

module.exports = Connection;
