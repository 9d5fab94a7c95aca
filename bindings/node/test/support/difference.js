'use strict';
// What differs between two lists of lines.

/** More lines than anybody reads. */
const SHOWN = 20;
const WIDTH = 200;

/**
 * The lines that only one of them has, `-` for the first and `+` for the second, at most as
 * many as one reads.
 *
 * @param {string[]} one
 * @param {string[]} other
 */
function difference(one, other) {
  if (one.length === other.length && one.every((line, i) => line === other[i])) return [];
  const left = new Set(one);
  const right = new Set(other);
  const found = [
    ...one.filter((line) => !right.has(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !left.has(line)).map((line) => `+ ${line}`),
  ];
  if (found.length === 0) found.push('  the same lines, in another order or number');
  return found.slice(0, SHOWN).map((line) => line.slice(0, WIDTH));
}

module.exports = { difference };
