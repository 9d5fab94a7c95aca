'use strict';
// What can go wrong, with the stable codes of the C interface.

/** The name of each code. */
const NAMES = Object.freeze({
  [-1]: 'invalid_argument',
  [-2]: 'closed',
  [-3]: 'timeout',
  [-5]: 'refused',
  [-6]: 'protocol',
  [-7]: 'io',
  [-8]: 'already_answered',
  [-9]: 'out_of_order',
  [-10]: 'too_large',
  [-11]: 'cancelled',
  [-12]: 'hub_gone',
  [-13]: 'body_aborted',
  [-14]: 'body_length',
  [-15]: 'invalid_head',
  [-16]: 'internal',
  [-17]: 'call',
});

/** The number of each name. */
const CODES = Object.freeze(
  Object.fromEntries(Object.entries(NAMES).map(([code, name]) => [name, Number(code)])),
);

/** Everything that slotway throws by itself. */
class SlotwayError extends Error {
  /**
   * @param {string} message what was wrong
   * @param {number} code the stable code
   */
  constructor(message, code) {
    super(message);
    this.code = code;
    this.kind = NAMES[code] ?? 'internal';
  }
}
SlotwayError.prototype.name = 'SlotwayError';

module.exports = { SlotwayError, CODES, NAMES };
