'use strict';
// The headers of an answer, in the form that one call hands over.

/** Names and values, encoded once and used as often as one likes. */
class Encoded {
  /** @param {readonly string[]} pairs names and values in turn */
  constructor(pairs) {
    this.pairs = pairs;
    this.count = pairs.length / 2;
    // The native part counts the parts: a NUL in one of them makes one too many.
    this.text = pairs.length === 0 ? null : pairs.join('\0');
  }

  /** Whether there is a header of that name, in lower case. */
  has(name) {
    const { pairs } = this;
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i].toLowerCase() === name) return true;
    }
    return false;
  }

  /** The headers that an answer usually has, unless these say otherwise; then these. */
  after(usual) {
    if (this.count === 0) return usual;
    return this.has(usual.pairs[0]) ? this : new Encoded([...usual.pairs, ...this.pairs]);
  }

  /** With a length, unless one is stated. */
  withLength(bytes) {
    if (this.has('content-length')) return this;
    return new Encoded(['content-length', String(bytes), ...this.pairs]);
  }
}

const NO_HEADERS = new Encoded([]);

module.exports = { Encoded, NO_HEADERS };
