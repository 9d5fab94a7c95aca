'use strict';
// A request's headers, looked up when they are asked for.

/** Headers by their names, in any case of letters. A name may come more than once. */
class RequestHeaders {
  constructor(exchange) {
    this._exchange = exchange;
    /** Names and values in turn, once all of them were asked for. */
    this._pairs = null;
  }

  /** Names, in lower case, and values in turn, in the order in which they came. */
  get raw() {
    this._pairs ??= this._exchange.head().rawHeaders;
    return this._pairs;
  }

  /** The first value of a header; `undefined` without one. */
  get(name) {
    const pairs = this._pairs;
    if (pairs === null) return this._exchange.header(name);
    const wanted = name.toLowerCase();
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] === wanted) return pairs[i + 1];
    }
    return undefined;
  }

  /** Every value of a header, in order. */
  getAll(name) {
    const wanted = name.toLowerCase();
    const pairs = this.raw;
    const values = [];
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] === wanted) values.push(pairs[i + 1]);
    }
    return values;
  }

  /** Whether there is a header of that name. */
  has(name) {
    return this.get(name) !== undefined;
  }

  *[Symbol.iterator]() {
    const pairs = this.raw;
    for (let i = 0; i < pairs.length; i += 2) yield [pairs[i], pairs[i + 1]];
  }
}

module.exports = { RequestHeaders };
