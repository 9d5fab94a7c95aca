'use strict';
// The package: what it gives to those who use it.

const { BadBody } = require('./bad_body.js');
const { call } = require('./calls/index.js');
const { CallFailed } = require('./calls/outcome.js');
const { SlotwayError } = require('./errors.js');
const { events } = require('./events/index.js');
const { Gap } = require('./events/received.js');
const { configure } = require('./log.js');
const { version } = require('./native.js');
const { Runner } = require('./runner/index.js');
const { Unit } = require('./runner/unit.js');
const { serve } = require('./serve.js');
const { Worker } = require('./worker.js');

module.exports = {
  Worker,
  Runner,
  Unit,
  serve,
  events,
  call,
  Gap,
  SlotwayError,
  BadBody,
  CallFailed,
  configureLog: configure,
  version,
};
