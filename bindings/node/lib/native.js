'use strict';
// The native part: one binary for each platform, for every version of Node.

const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { SlotwayError } = require('./errors.js');

/** The names of the binaries that may be this machine's: of the two C libraries one loads. */
const NAMES = ['', '-musl'].map((libc) => `${process.platform}-${process.arch}${libc}.node`);

function load() {
  const directory = join(__dirname, '..', 'native');
  const files = NAMES.map((name) => join(directory, name)).filter((file) => existsSync(file));
  let cause;
  for (const file of files) {
    try {
      return require(file);
    } catch (error) {
      cause ??= error;
    }
  }
  throw new Error(
    files.length === 0
      ? `slotway has no binary for ${process.platform}-${process.arch} in ${directory}; build it ` +
          'with Rust 1.90 or newer: `npm run build` in a checkout of bindings/node'
      : `slotway's binary ${files[0]} does not load: ${cause.message}`,
    { cause },
  );
}

const native = load();
native.useClass(SlotwayError);

module.exports = native;
