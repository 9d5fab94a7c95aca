'use strict';

// How far a request's answer has come.

module.exports = {
  /** Its head has not gone yet. */
  HELD: 0,
  /** The head has gone, and the body follows. */
  STREAMING: 1,
  /** All has gone, or nobody wants it any more. */
  DONE: 2,
};
