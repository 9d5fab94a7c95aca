'use strict';
// What a registration has done and met, at one moment.

/** A reason with its stable name; `undefined` for none. */
const reasonOf = (name, text) => (name === null ? undefined : { name, text });

/** @param {import('../../native.d.ts').NativeMetrics} told */
function metricsOf(told) {
  const [, name, instance, state, reason, received, processed, failed, inFlight, ...rest] = told;
  const [bytesIn, bytesOut, reconnects, disconnects, backoff, heartbeatRtt, ...why] = rest;
  return {
    identity: instance === null ? name : `${name}.${instance}`,
    name,
    instance: instance ?? undefined,
    state,
    reason: reason ?? undefined,
    received,
    processed,
    failed,
    inFlight,
    bytesIn,
    bytesOut,
    reconnects,
    disconnects,
    backoff: backoff ?? undefined,
    heartbeatRtt: heartbeatRtt ?? undefined,
    lastDisconnect: reasonOf(why[0], why[1]),
    ending: reasonOf(why[2], why[3]),
  };
}

/** Of one that nothing has happened to. */
function idle({ name, instance = null }) {
  const none = new Array(6).fill(null);
  return metricsOf([-1, name, instance, 'idle', null, 0, 0, 0, 0, 0, 0, 0, 0, ...none]);
}

module.exports = { idle, metricsOf };
