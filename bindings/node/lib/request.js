'use strict';
// A request as handlers see it.

const { activityOf } = require('./activity.js');
const { Body, parse } = require('./body.js');
const { RequestHeaders } = require('./headers.js');

const VERSIONS = { 10: '1.0', 11: '1.1', 20: '2' };

/**
 * A request. Everything is looked up when it is asked for; after the answer asking throws, but
 * for what was asked for before. When nobody waits for the answer any more it stays readable,
 * but for its body.
 */
class Request {
  constructor(exchange) {
    /** The layer below. */
    this.exchange = exchange;
    this._path = undefined;
    this._params = undefined;
    this._headers = undefined;
    this._kept = undefined;
    this._body = undefined;
    this._query = undefined;
    this._control = undefined;
    this._activity = undefined;
  }

  _fact(name) {
    if (this._kept !== undefined) return this._kept[name];
    const { core, number } = this.exchange;
    return core[name](number);
  }

  /** The method as it was sent. */
  get method() {
    return this._fact('method');
  }

  /** Path and query as they were sent. */
  get url() {
    return this._fact('target');
  }

  /** The path without its percent-encoding. */
  get path() {
    this._path ??= this._fact('path');
    return this._path;
  }

  /** The pattern that matched. */
  get route() {
    return this._fact('route');
  }

  /** The path's parameters, by the pattern's names. */
  get params() {
    if (this._params === undefined) {
      const pairs = this._fact('params');
      const params = Object.create(null);
      for (let i = 0; i < pairs.length; i += 2) params[pairs[i]] = pairs[i + 1];
      this._params = params;
    }
    return this._params;
  }

  /** What follows the question mark, as it was sent. */
  get queryString() {
    return this._fact('query');
  }

  /** The query's parameters, repeats among them. */
  get query() {
    this._query ??= new URLSearchParams(this.queryString);
    return this._query;
  }

  /** The headers. */
  get headers() {
    this._headers ??= new RequestHeaders(this.exchange);
    return this._headers;
  }

  /** '1.0', '1.1' or '2'. */
  get httpVersion() {
    return VERSIONS[this._fact('version')];
  }

  /** Address and port of who sent it; `undefined` over a Unix socket. */
  get peer() {
    const peer = this._fact('peer');
    if (peer === undefined) return undefined;
    const [address, port] = peer.split(' ');
    return { address, port: Number(port) };
  }

  /** The activity that it is; `undefined` for a request of a client's. */
  get activity() {
    if (this._activity === undefined) this._activity = activityOf(this);
    return this._activity ?? undefined;
  }

  /** The body's length if the client stated it. */
  get contentLength() {
    return this._fact('contentLength');
  }

  /** Seconds until the answer is due; `undefined` for ever. */
  get timeLeft() {
    const { core, number } = this.exchange;
    return core.timeLeft(number);
  }

  /** Whether nobody waits for the answer any more. */
  get cancelled() {
    const { exchange } = this;
    return exchange.cancelled || exchange.core.cancelled(exchange.number);
  }

  /** Aborted when nobody waits for the answer any more. */
  get signal() {
    if (this._control === undefined) {
      this._control = new AbortController();
      if (this.exchange.cancelled) this._control.abort();
    }
    return this._control.signal;
  }

  _bodyOf() {
    this._body ??= new Body(this.exchange);
    return this._body;
  }

  /** The whole body: a copy, which is the handler's to keep. */
  async bytes() {
    return this._bodyOf().bytes();
  }

  /** The whole body as UTF-8. */
  async text() {
    return this._bodyOf().text();
  }

  /** The whole body as JSON. */
  async json() {
    return parse(await this._bodyOf().text());
  }

  /** The body as a stream, read as fast as it is taken. */
  stream() {
    return this._bodyOf().stream();
  }

  /** The body in pieces as they come. */
  [Symbol.asyncIterator]() {
    return this._bodyOf().pieces();
  }

  /** Nobody waits for the answer any more. */
  _cancel() {
    const { core, number } = this.exchange;
    this._kept = {
      method: core.method(number),
      target: core.target(number),
      path: core.path(number),
      route: core.route(number),
      params: core.params(number),
      query: core.query(number),
      version: core.version(number),
      peer: core.peer(number),
      contentLength: core.contentLength(number),
    };
    void this.headers.raw;
    this._control?.abort();
  }
}

module.exports = { Request };
