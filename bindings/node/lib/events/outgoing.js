'use strict';
// Events on their way to the native part: many in one call, or one.

const { isAnyArrayBuffer } = require('node:util/types');

/** Events of one call at most. */
const EVENTS = 512;
/** Bytes of their payloads; a single one may have more. */
const BYTES = 256 << 10;
/** Numbers of each: flags, where its payload begins, how long it is. */
const INTS = 3;

const MUST_DELIVER = 1;
const SYSTEM = 2;
const TERMINAL = 4;

const KNOWN = ['type', 'id', 'principal', 'mustDeliver', 'key', 'terminal'];
const OPTIONS = new Set(KNOWN);
const PARTS = new Set(['topic', 'payload', ...KNOWN]);

// One batch is filled and handed over within one call, so that its memory serves all.
const ints = new Int32Array(INTS * EVENTS);
const room = Buffer.allocUnsafeSlow(BYTES);
let bytes = room;
let texts = '';
let count = 0;
let used = 0;

/** Bytes or text of what may be given as a payload: anything else is said as JSON. */
function payloadOf(value) {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (ArrayBuffer.isView(value)) {
    return value instanceof Uint8Array
      ? value
      : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (isAnyArrayBuffer(value)) return new Uint8Array(value);
  const json = JSON.stringify(value);
  if (json === undefined) {
    throw new TypeError(`a payload is text, bytes, or what JSON can say; not ${typeof value}`);
  }
  return json;
}

/** A text that may be left out. */
function textOf(name, value) {
  if (value === undefined) return '';
  if (typeof value !== 'string') {
    throw new TypeError(`the event's ${name} is a string, not ${typeof value}`);
  }
  if (value === '' && (name === 'principal' || name === 'key')) {
    throw new TypeError(`the event's ${name} is empty; leave it out`);
  }
  return value;
}

/** Refuses names that are none, so that a slip of the pen is no silence. */
function check(options, known) {
  for (const name in options) {
    if (!known.has(name)) {
      throw new TypeError(`an event has no ${name}; there are ${[...known].join(', ')}`);
    }
  }
}

function clear() {
  bytes = room;
  texts = '';
  count = 0;
  used = 0;
}

/** Adds an event. `false`: it does not fit beside the others. */
function add(topic, payload, options, principal) {
  if (typeof topic !== 'string') {
    throw new TypeError(`the event's topic is a string, not ${typeof topic}`);
  }
  const given = payloadOf(payload);
  let flags = 0;
  let rest = principal === '' ? '\0\0\0\0' : `\0\0\0${principal}\0`;
  if (options !== undefined) {
    if (options.mustDeliver) flags |= MUST_DELIVER;
    if (options.terminal) flags |= TERMINAL;
    if (options.principal === null) flags |= SYSTEM;
    const whose =
      options.principal === null
        ? ''
        : options.principal === undefined
          ? principal
          : textOf('principal', options.principal);
    const key = textOf('key', options.key);
    rest = `\0${textOf('type', options.type)}\0${textOf('id', options.id)}\0${whose}\0${key}`;
  }
  let length;
  if (typeof given === 'string') {
    // As UTF-8 it has three bytes for each unit at most.
    if (given.length * 3 > bytes.length - used) {
      length = Buffer.byteLength(given);
      if (!fits(length)) return false;
    }
    length = bytes.write(given, used);
  } else {
    length = given.length;
    if (!fits(length)) return false;
    bytes.set(given, used);
  }
  ints[INTS * count] = flags;
  ints[INTS * count + 1] = used;
  ints[INTS * count + 2] = length;
  texts = count === 0 ? topic + rest : `${texts}\0${topic}${rest}`;
  used += length;
  count += 1;
  return true;
}

/** Whether there are so many bytes for a payload; a single one gets memory of its own. */
function fits(length) {
  if (length <= bytes.length - used) return true;
  if (count > 0) return false;
  bytes = Buffer.allocUnsafeSlow(length);
  return true;
}

/** Publishes one event; gives what the native part does. */
function publishOne(core, topic, payload, options, principal) {
  clear();
  if (options !== undefined) check(options, OPTIONS);
  add(topic, payload, options, principal);
  return core.publish(1, texts, ints, bytes);
}

/**
 * Publishes events of an array, from an index on, as many as one call takes and as there is
 * room for; gives what the native part does, and how many it was given.
 */
function publishSome(core, events, from, principal) {
  clear();
  for (let i = from; i < events.length && count < EVENTS; i++) {
    const event = events[i];
    if (typeof event !== 'object' || event === null) {
      throw new TypeError(`events[${i}] is no event: an object with a topic is one`);
    }
    check(event, PARTS);
    if (!add(event.topic, event.payload, event, principal)) break;
  }
  const given = count;
  return { given, published: given === 0 ? 0 : core.publish(given, texts, ints, bytes) };
}

module.exports = { payloadOf, publishOne, publishSome };
