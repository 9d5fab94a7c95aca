'use strict';
// What comes out of a subscription.

/** An event that was published. */
class Received {
  constructor(topic, type, id, seq, time, principal, bytes, from, to) {
    /** What it is about. */
    this.topic = topic;
    /** Its type. */
    this.type = type;
    /** Its place in the order of everything that the hub published. */
    this.seq = seq;
    /** When it was published, in milliseconds since 1970. */
    this.time = time;
    /** Who published it; `null` for the system. */
    this.principal = principal;
    this._id = id;
    /** The payload lies in a larger piece of memory, and is cut from it when it is asked for. */
    this._bytes = bytes;
    this._from = from;
    this._to = to;
    this._payload = undefined;
  }

  /** The id that its publisher gave, else its sequence number. */
  get id() {
    return this._id ?? String(this.seq);
  }

  /** What it says: bytes, which are the receiver's to keep. */
  get payload() {
    this._payload ??= this._bytes.subarray(this._from, this._to);
    return this._payload;
  }

  /** What it says, as text. */
  text() {
    return this._bytes.toString('utf8', this._from, this._to);
  }

  /** What it says, as JSON. */
  json() {
    return JSON.parse(this.text());
  }

  /** As others see it: without the memory that it shares. */
  toJSON() {
    const { topic, type, id, seq, time, principal } = this;
    return { topic, type, id, seq, time, principal, payload: this.text() };
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    const { topic, type, id, seq, time, principal, payload } = this;
    return `Received ${inspect({ topic, type, id, seq, time, principal, payload }, options)}`;
  }
}

/** Word that events were lost at this place of a subscription. */
class Gap {
  constructor(missed, atLeast, principal) {
    /** How many. */
    this.missed = missed;
    /** Whether there may have been more. */
    this.atLeast = atLeast;
    /** Whose they were, where the subscription is routed and the hub knows. */
    this.principal = principal;
  }
}

module.exports = { Gap, Received };
