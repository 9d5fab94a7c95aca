'use strict';
// Whom a push goes to.

const PATH = 0;
const PATTERN = 1;
const CONNECTION = 2;
/** Their streams end. */
const CLOSE = 4;
/** The rest of the number is how many parameters there are. */
const KINDS = 8;

const TARGETS = ['path', 'pattern', 'connection'];
const OPTIONS = new Set(['type', 'id', 'close', 'name']);

/**
 * @param {string | { path?: string, pattern?: string, params?: object, connection?: string }} to
 * @param {{ type?: string, id?: string, close?: boolean }} options
 */
function targetOf(to, { type = '', id = '', close = false, ...rest } = {}) {
  for (const name in rest) {
    if (!OPTIONS.has(name)) {
      throw new TypeError(`a push has no ${name}; there are ${[...OPTIONS].join(', ')}`);
    }
  }
  const text = (what, value) => {
    if (typeof value === 'string') return value;
    throw new TypeError(`the ${what} of a push is a string, not ${typeof value}`);
  };
  const event = `\0${text('type', type)}\0${text('id', id)}`;
  const end = close ? CLOSE : 0;
  if (typeof to === 'string') return { what: PATH + end, texts: to + event, pattern: undefined };
  const given = TARGETS.filter((name) => to?.[name] !== undefined);
  if (given.length !== 1) {
    throw new TypeError(
      `a push goes to one of ${TARGETS.join(', ')}; given are ${given.join(', ') || 'none'}`,
    );
  }
  const { path, pattern, connection, params = {} } = to;
  if (path !== undefined) return { what: PATH + end, texts: text('path', path) + event };
  if (connection !== undefined) {
    // Its number, or the client whom `connect` was called with.
    const number = typeof connection === 'object' ? connection?.connection : connection;
    return { what: CONNECTION + end, texts: text('connection', number) + event };
  }
  const pairs = Object.entries(params);
  let texts = text('pattern', pattern) + event;
  for (const [name, value] of pairs) texts += `\0${name}\0${String(value)}`;
  return { what: PATTERN + end + KINDS * pairs.length, texts, pattern };
}

module.exports = { targetOf };
