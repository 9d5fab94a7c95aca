'use strict';
// Streams that the worker owns: the hub holds their clients, and asks and tells by requests.

const log = require('../log.js');
const { serving } = require('../handle.js');

/** What only the hub writes: what has happened, and to which client. */
const STAGE = 'slotway-sse';
const CONNECTION = 'slotway-connection';

/**
 * What serves a stream's requests.
 * @param {string} pattern
 * @param {Function | { connect?: Function, disconnect?: Function }} given
 */
function streaming(pattern, given) {
  const { connect, disconnect, ...rest } = typeof given === 'function' ? { connect: given } : given;
  for (const name in rest) {
    throw new TypeError(`a stream has no ${name}; there are connect, disconnect`);
  }
  for (const [name, handler] of Object.entries({ connect, disconnect })) {
    if (handler !== undefined && typeof handler !== 'function') {
      throw new TypeError(`${name} of the stream ${pattern} is a function, not ${typeof handler}`);
    }
  }
  return serving(`SSE ${pattern}`, (client, reply) => {
    const stage = client.headers.get(STAGE);
    // A HEAD is about nobody.
    if (stage === undefined) return reply.type('text/event-stream').send('');
    client.connection = client.headers.get(CONNECTION);
    client.reconnect = stage === 'reconnect';
    if (stage !== 'disconnect') return admitted(reply, connect?.(client, reply));
    return left(pattern, client, disconnect);
  });
}

/** What is said to a client that comes, now or later. */
function admitted(reply, value) {
  if (typeof value?.then === 'function') return value.then((value) => admitted(reply, value));
  // Those who answer by themselves give back nothing, or the reply.
  if (value === reply || (value === undefined && reply.sent)) return value;
  if (value === undefined || value === true) return reply.status(200).send('') && reply;
  if (value === false) return reply.status(403).send('') && reply;
  return value;
}

/** Who has left is gone, whatever the handler does. */
function left(pattern, client, disconnect) {
  const failed = (error) => {
    log.error(`SSE ${pattern}: the handler failed`, error);
    return null;
  };
  try {
    const value = disconnect?.(client);
    return typeof value?.then === 'function' ? value.then(() => null, failed) : null;
  } catch (error) {
    return failed(error);
  }
}

module.exports = { streaming };
