'use strict';
// How a worker that runs by itself ends.

const log = require('./log.js');

/** Serves until SIGTERM or SIGINT: the first drains, the second closes. */
async function untilSignal(running) {
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
  try {
    await running.live();
  } catch (error) {
    // Asked to end before there was a hub, it ends as if there had been one.
    if (heard === 0) throw error;
  } finally {
    await running.closed.finally(() => {
      process.off('SIGTERM', hear);
      process.off('SIGINT', hear);
    });
  }
}

module.exports = { untilSignal };
