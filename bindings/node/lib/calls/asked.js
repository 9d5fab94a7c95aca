'use strict';
// A call's parts, as the native part wants them.

const { payloadOf } = require('../events/outgoing.js');

const IDEMPOTENT = 1;

/** The most that the native part takes of milliseconds. */
const MILLIS_MAX = 2 ** 31 - 1;

const OPTIONS = new Set([
  'timeout',
  'attempts',
  'backoff',
  'idempotent',
  'key',
  'contentType',
  'signal',
]);

/** A number of seconds in whole milliseconds, and one at least of any that is more than none. */
function millisOf(name, seconds, least) {
  if (typeof seconds !== 'number' || !(seconds >= 0)) {
    throw new TypeError(`a call's ${name} is a number of seconds, not ${String(seconds)}`);
  }
  return Math.min(Math.max(Math.round(seconds * 1000), least), MILLIS_MAX);
}

function textOf(name, value) {
  if (typeof value !== 'string') {
    throw new TypeError(`a call's ${name} is a string, not ${typeof value}`);
  }
  return value;
}

/** What is said as JSON says so; text and bytes may be anything. */
function typeOf(payload, given) {
  const json = typeof given === 'string' && typeof payload !== 'string' && payload !== undefined;
  return json ? 'application/json' : '';
}

/** An activity that is asked for. */
class Asked {
  /**
   * @param {string} queue
   * @param {string} activity
   * @param {unknown} payload
   * @param {object} [options]
   */
  constructor(queue, activity, payload, options = {}) {
    for (const name in options) {
      if (!OPTIONS.has(name)) {
        throw new TypeError(`a call has no ${name}; there are ${[...OPTIONS].join(', ')}`);
      }
    }
    const { timeout, attempts = 1, backoff = 0, idempotent = false, key } = options;
    if (!Number.isInteger(attempts) || attempts < 1 || attempts > 65_535) {
      throw new TypeError(
        `a call's attempts are a whole number from 1 on, not ${String(attempts)}`,
      );
    }
    if (key === '') throw new TypeError("the call's key is empty; leave it out, or give one");
    this.payload = payloadOf(payload);
    const contentType = options.contentType ?? typeOf(payload, this.payload);
    this.texts = [
      textOf('queue', queue),
      textOf('activity', activity),
      textOf('contentType', contentType),
      textOf('key', key ?? ''),
    ].join('\0');
    this.flags = idempotent ? IDEMPOTENT : 0;
    /** Milliseconds; `undefined`: the hub's default. */
    this.timeout = timeout === undefined ? undefined : millisOf('timeout', timeout, 1);
    this.attempts = attempts;
    this.backoff = millisOf('backoff', backoff, 0);
  }

  /** From here on it does not matter what becomes of the bytes that it was given. */
  keep() {
    if (typeof this.payload !== 'string') this.payload = Buffer.from(this.payload);
  }

  /** Its numbers, with what is left of its time. */
  numbersInto(into, left) {
    into[0] = this.flags;
    into[1] = left ?? 0;
    into[2] = this.attempts;
    into[3] = this.backoff;
  }
}

module.exports = { Asked };
