'use strict';

const { SlotwayError, CODES } = require('./errors.js');

/**
 * The request's body is not what the handler asked for, text or JSON. A handler that lets it
 * pass answers 400 with its sentence.
 */
class BadBody extends SlotwayError {
  /** @param {string} message what is wrong with it */
  constructor(message) {
    super(message, CODES.invalid_argument);
  }
}
BadBody.prototype.name = 'BadBody';

module.exports = { BadBody };
