'use strict';
// Events out of the native part: many in one call.

const { Gap, Received } = require('./received.js');

/** Events that are taken at once, at most. */
const EVENTS = 256;
/** Numbers before those of the events, and of each; see `native.d.ts`. */
const FIXED = 2;
const EACH = 8;

const NONE = -1;
const SAME = -2;

/** Payloads are copied to here, several to one piece of memory, as Buffer.allocUnsafe does. */
const POOL_BYTES = 64 << 10;

const numbers = new Float64Array(FIXED + EACH * EVENTS);
let pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let used = 0;

function renew() {
  pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  used = 0;
}

/**
 * What has come for a subscription. Nothing at all: a notice comes when there may be more.
 * @returns {(Received | Gap)[]}
 */
function receive(core, number) {
  let bytes = pool;
  let from = used;
  let texts = core.receive(number, numbers, bytes, from);
  if (numbers[0] === 0) {
    if (numbers[1] === 0) return [];
    // The first does not fit: what the pool has left, or what it has at all, is too little.
    if (numbers[1] > POOL_BYTES / 4) {
      bytes = Buffer.allocUnsafeSlow(numbers[1]);
    } else {
      renew();
      bytes = pool;
    }
    from = 0;
    texts = core.receive(number, numbers, bytes, from);
  }
  const items = new Array(numbers[0]);
  let at = 0;
  const text = (length) => {
    at += length;
    return texts.substring(at - length, at);
  };
  let topic;
  let type;
  for (let i = 0; i < items.length; i++) {
    const base = FIXED + EACH * i;
    const what = numbers[base];
    if (what === 0) {
      if (numbers[base + 3] !== SAME) topic = text(numbers[base + 3]);
      if (numbers[base + 4] !== SAME) type = text(numbers[base + 4]);
    }
    const id = what !== 0 || numbers[base + 5] === NONE ? null : text(numbers[base + 5]);
    const principal = numbers[base + 6] === NONE ? null : text(numbers[base + 6]);
    if (what !== 0) {
      items[i] = new Gap(numbers[base + 1], what === 2, principal);
      continue;
    }
    const [seq, time, to] = [numbers[base + 1], numbers[base + 2], from + numbers[base + 7]];
    items[i] = new Received(topic, type, id, seq, time, principal, bytes, from, to);
    from = to;
  }
  if (bytes === pool) {
    used = from;
    if (used > POOL_BYTES - (1 << 10)) renew();
  }
  return items;
}

module.exports = { receive };
