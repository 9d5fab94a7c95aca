'use strict';
// Tests that have a limit. What is limited is the failure: nothing is expected to take so long.

const { test } = require('node:test');

const LIMIT = 120_000;

/**
 * @param {string} name
 * @param {(t: import('node:test').TestContext) => unknown} act
 */
module.exports.test = (name, act) => test(name, { timeout: LIMIT }, act);
