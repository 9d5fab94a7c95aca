'use strict';
// How a worker that runs by itself ends.

const log = require('./log.js');

/**
 * Has a worker end on SIGTERM or SIGINT: the first drains, the second closes. `heard` says how
 * many there were, and `stop` hears them no more.
 */
function hearSignals(running) {
  let heard = 0;
  const hear = (signal) => {
    heard += 1;
    if (heard === 1) {
      log.info(`${signal}: draining`);
      running.beginShutdown();
    } else {
      running.beginClose();
    }
  };
  process.on('SIGTERM', hear);
  process.on('SIGINT', hear);
  const stop = () => {
    process.off('SIGTERM', hear);
    process.off('SIGINT', hear);
  };
  return { heard: () => heard, stop };
}

/** Serves until a signal. */
async function untilSignal(running) {
  const signals = hearSignals(running);
  try {
    await running.live();
  } catch (error) {
    // Asked to end before there was a hub, it ends as if there had been one.
    if (signals.heard() === 0) throw error;
  } finally {
    await running.closed.finally(signals.stop);
  }
}

module.exports = { hearSignals, untilSignal };
