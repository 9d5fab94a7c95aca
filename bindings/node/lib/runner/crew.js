'use strict';
// One connection of a runner: its region, and the units on it.

const { CODES } = require('../errors.js');
const { Events } = require('../events/index.js');
const { metricsOf } = require('./metrics.js');
const log = require('../log.js');
const native = require('../native.js');
const { Running } = require('../running.js');

/** A connection, which ends when its runner does or when none of its units is left. */
class Crew {
  /**
   * @param {import('./unit.js').Unit[]} units
   * @param {{ options: object, slotsMax: number }} settings
   * @param {Events | undefined} events what programs publish, subscribe and call with
   * @param {() => void} over called when the connection has ended
   */
  constructor(units, { options, slotsMax }, events = new Events(), over) {
    const used = units.reduce((sum, unit) => sum + unit._slots, 0);
    this.units = [...units];
    this.slots = Math.min(Math.max(options.slots ?? native.slots, used), slotsMax);
    const offers = units.map((unit) => unit._own);
    this.running = new Running(offers, { ...options, slots: this.slots }, events, 'runner');
    this.open = true;
    /** Whether everything in hand was answered. */
    this.drained = true;
    units.forEach((unit, number) => unit._begin(this.running, number));
    this.running.closed.then(
      () => this.ended(over),
      (error) => {
        this.drained = error.code !== CODES.timeout;
        log.warn(`a connection of the runner has ended: ${error.message}`);
        this.ended(over);
      },
    );
  }

  ended(over) {
    this.open = false;
    over();
  }

  /** Whether there is room for a unit more. */
  hasRoom(unit) {
    const used = this.units.reduce((sum, { _slots }) => sum + _slots, 0);
    return this.open && used + unit._slots <= this.slots;
  }

  add(unit) {
    unit._begin(this.running, this.running._add(unit._own));
    this.units.push(unit);
  }

  remove(unit) {
    this.units = this.units.filter((one) => one !== unit);
    delete this.running.service.serves[unit._number];
  }

  /** What each of its units has done. */
  metrics() {
    const told = new Map(this.running.core.metrics().map((metrics) => [metrics[0], metrics]));
    return new Map(this.units.map((unit) => [unit, metricsOf(told.get(unit._number))]));
  }
}

module.exports = { Crew };
