'use strict';
// One call, from its way to the hub until its outcome.

const { CallFailed, CallReply } = require('./outcome.js');
const { SlotwayError, CODES } = require('../errors.js');

/** What `number` is while the call is not with the hub. */
const NONE = 0;

/** What the native part says of an outcome; see `native.d.ts`. */
const ANSWERED = 0;
const TOO_LONG = 2;
const UNKNOWN = 3;

// Calls are begun and settled within one call of a function each, so that this memory serves all.
const asks = new Int32Array(4);
const told = new Int32Array(6);
const room = Buffer.allocUnsafeSlow(64 << 10);

/** Times in seconds, of whole milliseconds; none is `undefined`. */
const secondsOf = (millis) => (millis === 0 ? undefined : millis / 1000);

/** A call. It is settled once. */
class Calling {
  /**
   * @param {import('../events/index.js').Events} events what the connection is found by
   * @param {import('./asked.js').Asked} asked
   * @param {AbortSignal | undefined} signal hangs up
   * @param {{ resolve: Function, reject: Function }} settle
   */
  constructor(events, asked, signal, settle) {
    this.events = events;
    this.asked = asked;
    this.signal = signal;
    this.settle = settle;
    this.channel = null;
    this.number = NONE;
    this.over = false;
    this.until = asked.timeout === undefined ? Infinity : performance.now() + asked.timeout;
    this.late = undefined;
    this.abort = null;
  }

  begin() {
    const { signal } = this;
    if (signal !== undefined) {
      signal.throwIfAborted();
      this.abort = () => this.fail(signal.reason);
      signal.addEventListener('abort', this.abort, { once: true });
    }
    if (!this.send()) void this.wait();
  }

  /** Whether it is on its way to the hub. */
  send() {
    const { events, asked } = this;
    if (events._channel === null) return false;
    const left = this.until === Infinity ? undefined : this.until - performance.now();
    if (left <= 0) {
      this.fail(late());
      return true;
    }
    try {
      asked.numbersInto(asks, left === undefined ? undefined : Math.ceil(left));
      const number = events._channel.call(asked.texts, asked.payload, asks, this);
      if (number === NONE) return false;
      this.number = number;
      this.channel = events._channel;
      // From the first look on a notice comes.
      this.noticed();
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  /** There is no hub, or no room on the way to it. */
  async wait() {
    this.asked.keep();
    if (this.until !== Infinity) {
      const left = Math.max(0, this.until - performance.now());
      this.late = setTimeout(() => this.fail(late()), left);
    }
    try {
      do await this.events.ready();
      while (!this.over && !this.send());
    } catch (error) {
      this.fail(error);
    }
    clearTimeout(this.late);
  }

  /** There may be an outcome. */
  noticed() {
    const { core } = this.channel;
    let body = room;
    let text;
    try {
      text = core.outcome(this.number, told, body, 0);
      if (told[0] === UNKNOWN) return;
      if (told[0] === TOO_LONG) {
        body = Buffer.allocUnsafe(told[5]);
        text = core.outcome(this.number, told, body, 0);
      }
    } catch (error) {
      this.forget();
      this.fail(error);
      return;
    }
    this.forget();
    const [what, status, attempts, hint, replayed, length] = told;
    if (what !== ANSWERED) {
      const [end, reason] = text.split('\0', 2);
      this.fail(new CallFailed(end, reason, secondsOf(hint)));
      return;
    }
    if (body === room) body = Buffer.from(room.subarray(0, length));
    const type = text === '' ? undefined : text;
    const reply = new CallReply(status, type, body, attempts, replayed === 1, secondsOf(hint));
    this.end();
    this.settle.resolve(reply);
  }

  /** Its outcome was taken. */
  forget() {
    this.channel.service.waiting.delete(this.number);
    this.number = NONE;
  }

  fail(error) {
    if (this.over) return;
    if (this.number !== NONE) {
      this.channel.core.hangUp(this.number);
      this.forget();
    }
    this.end();
    this.settle.reject(error);
  }

  end() {
    this.over = true;
    clearTimeout(this.late);
    if (this.abort !== null) this.signal.removeEventListener('abort', this.abort);
  }
}

const late = () =>
  new SlotwayError('the call found no hub, or no room on the way to it, in time', CODES.timeout);

module.exports = { Calling };
