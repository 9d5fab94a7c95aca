'use strict';
// Many registrations in one process.

const { withCalls } = require('../calls/index.js');
const { SlotwayError, CODES } = require('../errors.js');
const { Events, withEvents } = require('../events/index.js');
const log = require('../log.js');
const { check } = require('../options.js');
const { hearSignals } = require('../signals.js');
const { Crew } = require('./crew.js');
const { Unit } = require('./unit.js');

/** Options of a worker that are a unit's here. */
const OF_UNITS = ['maxConcurrent', 'instance'];

/** Slots of one region at most: 384 MiB of addresses, a tenth of what a hub allows for one. */
const SLOTS_MAX = 1024;

/** Seconds that a drain takes at most. */
const DRAIN = 30;

/** Withdrawn units that are remembered for the report. */
const DEPARTED_MAX = 1024;

const SHUTDOWN = { name: 'shutdown', text: 'it was shut down' };
const WITHDRAWN = { name: 'withdrawn', text: 'it was withdrawn' };

/** Nothing runs yet; it runs; it has run. */
const IDLE = 0;
const RUNNING = 1;
const ENDED = 2;

/**
 * Runs many registrations in one process, over one connection and one region, or more where one
 * region would have too many slots. Each is accepted or refused by itself, has its own limits and
 * counts, and what it does or meets changes nothing for the others.
 */
class Runner {
  constructor(units = [], options = {}) {
    const { hotAdd = false, maxSlotsPerRegion = SLOTS_MAX, heartbeat, ...connection } = options;
    check(connection);
    for (const name of OF_UNITS) {
      if (name in options) throw new TypeError(`${name} is said of a unit, not of a runner`);
    }
    this._hotAdd = hotAdd;
    this._settings = {
      slotsMax: maxSlotsPerRegion,
      options: {
        ...connection,
        // Without a word the defaults; `null` is for never.
        heartbeat: heartbeat === undefined ? {} : heartbeat,
        keepOpen: hotAdd,
      },
    };
    this._phase = IDLE;
    this._stopping = false;
    /** Those that it has, in order, and those that were withdrawn. */
    this._units = [];
    this._departed = [];
    this._crews = [];
    /** What it publishes, subscribes and calls with: through the first connection. */
    this.events = new Events();
    for (const unit of units) {
      if (this._find(unitOf(unit).identity) === undefined) this._take(unit);
      else log.warn(`${unit.identity} is in the list twice; the first one stays`);
    }
  }

  _find(identity) {
    return this._units.find((unit) => unit.identity === identity);
  }

  _take(unit) {
    if (unit._runner !== null) throw outOfOrder(`${unit.identity} is with a runner already`);
    unit._runner = this;
    this._units.push(unit);
  }

  /** The units that it has, in order. */
  get units() {
    return [...this._units];
  }

  /** Adds a unit: before it runs or, if `hotAdd` was asked for, while it does. */
  add(unit) {
    const { identity } = unitOf(unit);
    if (this._phase === ENDED) throw outOfOrder('the runner has ended; make another');
    if (this._phase === RUNNING && !this._hotAdd) {
      throw outOfOrder(
        'the runner is already running; units are added before, or later if it allows hotAdd',
      );
    }
    if (this._find(identity) !== undefined) {
      throw new SlotwayError(
        `${identity} is registered twice; give the units different names or instances`,
        CODES.invalid_argument,
      );
    }
    this._take(unit);
    try {
      if (this._phase === RUNNING) this._begin(unit);
    } catch (error) {
      this._units.pop();
      unit._runner = null;
      throw error;
    }
    return this;
  }

  /** Has a unit driven that was added while it runs. */
  _begin(unit) {
    if (this._stopping) throw new SlotwayError('the runner shuts down', CODES.closed);
    this._fits(unit);
    const crew = this._crews.find((one) => one.hasRoom(unit));
    if (crew === undefined) this._start([unit]);
    else crew.add(unit);
  }

  /** Refuses a unit that no region has room for. */
  _fits(unit) {
    const { slotsMax } = this._settings;
    if (unit._slots <= slotsMax) return;
    throw new SlotwayError(
      `${unit.identity} allows ${unit._slots} requests at a time and a region has ${slotsMax} ` +
        'slots at most; allow fewer, or raise maxSlotsPerRegion',
      CODES.invalid_argument,
    );
  }

  _start(units) {
    const events = this._crews.length === 0 ? this.events : undefined;
    this._crews.push(new Crew(units, this._settings, events, () => this._look()));
  }

  /** Spreads units over as few connections as their slots allow. */
  _startAll() {
    const regions = [];
    for (const unit of this._units) {
      this._fits(unit);
      const { slotsMax } = this._settings;
      let region = regions.find(({ used }) => used + unit._slots <= slotsMax);
      if (region === undefined) regions.push((region = { used: 0, units: [] }));
      region.used += unit._slots;
      region.units.push(unit);
    }
    for (const { units } of regions) this._start(units);
  }

  /**
   * Serves until `shutdown`, a signal, or until every registration was withdrawn or refused for
   * good. Gives what became of each. Without a unit, or after a shutdown, it connects to nothing.
   */
  async run({ signals = true } = {}) {
    if (this._phase === RUNNING) throw outOfOrder('the runner is already running');
    if (this._phase === ENDED) throw outOfOrder('the runner has ended; a runner runs once');
    if (this._stopping || this._units.length === 0) {
      this._phase = ENDED;
      return this._report();
    }
    this._phase = RUNNING;
    const through = new Promise((resolve) => {
      this._through = resolve;
    });
    const heard = signals ? hearSignals(this) : undefined;
    try {
      this._startAll();
      await through;
    } catch (error) {
      for (const { running } of this._crews) running.beginClose();
      throw error;
    } finally {
      this._phase = ENDED;
      heard?.stop();
    }
    return this._report();
  }

  /** A connection has ended: the last of them is the runner's end. */
  _look() {
    if (this._crews.every(({ open }) => !open)) this._through();
  }

  _report() {
    const all = this._metrics();
    const ended = (unit, metrics, otherwise) => {
      return { identity: unit.identity, reason: metrics.ending ?? otherwise, metrics };
    };
    const registrations = this._units.map((unit) => ended(unit, all.get(unit), SHUTDOWN));
    for (const { unit, metrics } of this._departed) {
      registrations.push(ended(unit, metrics, WITHDRAWN));
    }
    return { registrations, drained: this._crews.every(({ drained }) => drained) };
  }

  _metrics() {
    const all = new Map(this._crews.flatMap((crew) => [...crew.metrics()]));
    for (const unit of this._units) if (!all.has(unit)) all.set(unit, unit.metrics());
    return all;
  }

  /** What each unit has done and met, in the order of their adding. */
  metrics() {
    const all = this._metrics();
    return this._units.map((unit) => all.get(unit));
  }

  /**
   * Withdraws a unit: nothing new comes for it, what is in hand is answered, the others go on.
   * Gives what it has done.
   */
  async withdraw(wanted) {
    const identity = typeof wanted === 'string' ? wanted : unitOf(wanted).identity;
    const unit = this._find(identity);
    if (unit === undefined || (unit !== wanted && typeof wanted !== 'string')) {
      throw new SlotwayError(
        `there is no unit ${identity}; it was withdrawn, or never was`,
        CODES.invalid_argument,
      );
    }
    if (unit._running !== null) {
      const deadline = this._settings.options.drainDeadline ?? DRAIN;
      if (!(await unit._withdraw(deadline))) {
        throw new SlotwayError(
          `something of ${identity} is in hand still; nothing new comes, and it goes with that`,
          CODES.timeout,
        );
      }
    }
    const metrics = { ...unit.metrics() };
    metrics.ending ??= WITHDRAWN;
    this._depart(unit, metrics);
    return metrics;
  }

  _depart(unit, metrics) {
    if (!this._units.includes(unit)) return;
    this._units = this._units.filter((one) => one !== unit);
    this._departed.push({ unit, metrics });
    if (this._departed.length > DEPARTED_MAX) this._departed.shift();
    this._crews.find(({ units }) => units.includes(unit))?.remove(unit);
    // One that takes more stays for them.
    if (this._phase === RUNNING && this._units.length === 0 && !this._hotAdd) this.beginShutdown();
  }

  /** Begins to drain; before `run` it has that end at once. */
  beginShutdown() {
    this._stopping = true;
    for (const { running } of this._crews) running.beginShutdown();
  }

  /** Begins to close without a drain. */
  beginClose() {
    this._stopping = true;
    for (const { running } of this._crews) running.beginClose();
  }

  /** Drains, and waits for it. */
  async shutdown() {
    this.beginShutdown();
    await Promise.allSettled(this._crews.map(({ running }) => running.closed));
  }

  /** Closes without a drain, and waits for it. */
  async close() {
    this.beginClose();
    await Promise.allSettled(this._crews.map(({ running }) => running.closed));
  }
}

function unitOf(given) {
  if (given instanceof Unit) return given;
  throw new TypeError(`a runner runs units, not ${String(given)}`);
}

function outOfOrder(what) {
  return new SlotwayError(what, CODES.out_of_order);
}

withEvents(Runner);
withCalls(Runner);

module.exports = { Runner };
