'use strict';
// What goes wrong where nobody is called: to a logger, which is the standard error at first.

const native = require('./native.js');

const LEVELS = { debug: 10, info: 20, warn: 30, error: 40, silent: 100 };

/** Writes a line as `slotway: warn: …`. */
function write(level, text, error) {
  const more = error === undefined ? '' : `\n${error?.stack ?? String(error)}`;
  process.stderr.write(`slotway: ${level}: ${text}${more}\n`);
}

let logger = {
  debug: (text, error) => write('debug', text, error),
  info: (text, error) => write('info', text, error),
  warn: (text, error) => write('warn', text, error),
  error: (text, error) => write('error', text, error),
};
let least = LEVELS.warn;
let prepared = false;

function say(level, text, error) {
  if (LEVELS[level] < least) return;
  try {
    logger[level](text, error);
  } catch (failure) {
    write('error', `the logger failed for: ${text}`, failure);
  }
}

function hear(number, text) {
  const level = number >= 40 ? 'error' : number >= 30 ? 'warn' : number >= 20 ? 'info' : 'debug';
  say(level, text);
}

/** Has the native part say what it has to say; once is enough. */
function prepare() {
  if (prepared) return;
  prepared = true;
  native.listen(least, hear);
}

/**
 * Chooses where the log goes, and what is said at all.
 * @param {{ level?: string, logger?: object }} options
 */
function configure({ level, logger: other }) {
  if (level !== undefined) {
    if (!Object.hasOwn(LEVELS, level)) {
      throw new TypeError(
        `the level of the log is ${JSON.stringify(level)}; it is one of ` +
          Object.keys(LEVELS).join(', '),
      );
    }
    least = LEVELS[level];
  }
  if (other !== undefined) {
    for (const name of ['debug', 'info', 'warn', 'error']) {
      if (typeof other[name] !== 'function') {
        throw new TypeError(`a logger has the functions debug, info, warn and error; not ${name}`);
      }
    }
    logger = other;
  }
  prepared = true;
  native.listen(least, hear);
}

module.exports = {
  prepare,
  configure,
  debug: (text, error) => say('debug', text, error),
  info: (text, error) => say('info', text, error),
  warn: (text, error) => say('warn', text, error),
  error: (text, error) => say('error', text, error),
};
