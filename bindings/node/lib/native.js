'use strict';
// The native part: one binary for each platform, for every version of Node.

const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { SlotwayError } = require('./errors.js');

/** Which of the binaries is this machine's. */
function platform() {
  const glibc = process.report?.getReport().header.glibcVersionRuntime;
  const libc = process.platform === 'linux' && glibc === undefined ? '-musl' : '';
  return `${process.platform}-${process.arch}${libc}`;
}

function load() {
  const file = join(__dirname, '..', 'native', `${platform()}.node`);
  if (!existsSync(file)) {
    throw new Error(
      `slotway has no binary for ${platform()} (${file}); build it with Rust 1.90 or newer: ` +
        '`npm run build` in a checkout of bindings/node',
    );
  }
  return require(file);
}

const native = load();
native.useClass(SlotwayError);

module.exports = native;
