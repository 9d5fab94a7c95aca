'use strict';
// The supervisor, as the process that it started sees it. They have node's channel between
// them: the worker says when it serves, and that the channel closes says to the worker that
// the supervisor is gone, however it went.

/** The environment variable by which a process knows that it has a supervisor. */
const VARIABLE = 'SLOTWAY_SUPERVISED';

/** What a worker says when it serves. */
const SERVES = 'slotway:serves';

/** Whether a supervisor started this process. Asked once: what this one starts has none. */
function supervised() {
  const whether = process.env[VARIABLE] !== undefined && process.channel !== undefined;
  delete process.env[VARIABLE];
  return whether;
}

/** @param {() => void} gone called also when it went before */
function watch(gone) {
  if (!process.connected) {
    gone();
    return;
  }
  process.once('disconnect', gone);
  // It does not keep the process alive.
  process.channel.unref();
}

function serves() {
  // The supervisor may be gone, which the channel's end tells.
  if (process.connected) process.send(SERVES, () => {});
}

module.exports = { SERVES, VARIABLE, serves, supervised, watch };
