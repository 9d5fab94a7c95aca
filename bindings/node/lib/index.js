'use strict';
// The package: what it gives to those who use it.

const { SlotwayError } = require('./errors.js');
const { serve } = require('./serve.js');
const { Worker } = require('./worker.js');
const { version } = require('./native.js');

module.exports = { Worker, serve, SlotwayError, version };
