'use strict';
// Which sources have changed, for `--watch`.

const fs = require('node:fs');
const path = require('node:path');

/** Directories with sources that nobody edits. */
const SKIPPED = new Set(['node_modules', 'coverage', 'dist']);
const SOURCE = /\.([cm]?[jt]sx?|json)$/;

/** The sources below some directories. */
class Sources {
  /** @param {string[]} directories */
  constructor(directories) {
    this.directories = directories.map((directory) => path.resolve(directory));
    this.times = this.look();
  }

  /** A file that is not as it was at the last look, if there is one. */
  changed() {
    const before = this.times;
    this.times = this.look();
    const files = new Set([...before.keys(), ...this.times.keys()]);
    return [...files].find((file) => before.get(file) !== this.times.get(file));
  }

  look() {
    const times = new Map();
    for (const directory of this.directories) add(directory, times);
    return times;
  }
}

function add(directory, times) {
  let entries;
  try {
    entries = fs.readdirSync(directory, { withFileTypes: true });
  } catch {
    // It went between the two calls.
    return;
  }
  for (const entry of entries) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name) && !entry.name.startsWith('.')) add(file, times);
    } else if (SOURCE.test(entry.name)) {
      const found = fs.statSync(file, { throwIfNoEntry: false });
      if (found !== undefined) times.set(file, found.mtimeMs);
    }
  }
}

module.exports = { Sources };
