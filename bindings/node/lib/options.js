'use strict';
// What may be said of a connection. What the options may be is for the native part to say.

const KNOWN = new Set([
  'hub',
  'maxConcurrent',
  'instance',
  'slots',
  'headBytes',
  'requestBytes',
  'responseBytes',
  'drainDeadline',
  'generation',
  'connect',
  'heartbeat',
]);

/** The options as they were given; a name that is none is an error, and no silence. */
function check(options) {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) {
      throw new TypeError(`there is no option ${name}; there are ${[...KNOWN].join(', ')}`);
    }
  }
  return options;
}

module.exports = { check };
