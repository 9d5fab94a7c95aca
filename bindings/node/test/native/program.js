'use strict';
// `programs/worker.js` as a process, with everything that node can warn of.

const path = require('node:path');

const { Process } = require('../support/process.js');

const FLAGS = [
  '--expose-gc',
  '--trace-warnings',
  '--unhandled-rejections=strict',
  '--throw-deprecation',
];

function program(hub, options = {}) {
  const file = path.join(__dirname, 'programs', 'worker.js');
  return new Process(process.execPath, [...FLAGS, file, hub.control, JSON.stringify(options)]);
}

/** What it has said that is no line of ours: a warning, an error. */
function complaints(process) {
  return process.lines.filter(
    (line) =>
      !/^(stays|slow|ended|started|shut down|nothing holds it)$/.test(line) &&
      !/^slotway: info:/.test(line),
  );
}

module.exports = { complaints, program };
