'use strict';
// What becomes of a call.

const { SlotwayError, CODES } = require('../errors.js');

/** What a worker answered, whatever its status. */
class CallReply {
  constructor(status, contentType, body, attempts, replayed, delayHint) {
    /** The answer's status. */
    this.status = status;
    /** The type of its body, if the worker gave one. */
    this.contentType = contentType;
    /** Its body: a copy, which is the caller's to keep. */
    this.body = body;
    /** How often it was begun. */
    this.attempts = attempts;
    /** Whether it was done for an earlier call with the same key. */
    this.replayed = replayed;
    /** If it had to wait: seconds that the queue would have liked its caller to hold back. */
    this.delayHint = delayHint;
  }

  /** Whether the status is one of success, 200 to 299. */
  get ok() {
    return this.status >= 200 && this.status <= 299;
  }

  /** The body as text. */
  text() {
    return this.body.toString();
  }

  /** The body as JSON. */
  json() {
    return JSON.parse(this.text());
  }
}

/** No worker has answered a call. */
class CallFailed extends SlotwayError {
  /**
   * @param {string} end how it ended, by a stable name
   * @param {string} reason the hub's sentence
   * @param {number | undefined} retryAfter seconds to stay away for
   */
  constructor(end, reason, retryAfter) {
    super(`the call was not done (${end}): ${reason}`, CODES.call);
    this.end = end;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}
CallFailed.prototype.name = 'CallFailed';

module.exports = { CallFailed, CallReply };
