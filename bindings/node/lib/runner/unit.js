'use strict';
// One of a runner's registrations.

const { SlotwayError, CODES } = require('../errors.js');
const { Offer, Offering } = require('../offer.js');
const { idle, metricsOf } = require('./metrics.js');

const OPTIONS = new Set(['instance', 'maxConcurrent']);

/**
 * A registration of a `Runner`: an identity, routes and activities, and what answers them.
 *
 *     const resizer = new Unit('media.resize', { instance: 'a1', maxConcurrent: 4 });
 *     resizer.activity('media/images', 'resize', resize);
 */
class Unit extends Offering {
  constructor(name, options = {}) {
    super();
    for (const one in options) {
      if (!OPTIONS.has(one)) {
        throw new TypeError(`a unit has no ${one}; there are ${[...OPTIONS].join(', ')}`);
      }
    }
    this._own = new Offer(name, options);
    /** The runner that has it. */
    this._runner = null;
    /** The connection that it is on, and its number there. */
    this._running = null;
    this._number = -1;
  }

  _offer() {
    if (this._running === null) return this._own;
    throw new SlotwayError(
      `${this.identity} is registered; what is added to it now comes too late`,
      CODES.out_of_order,
    );
  }

  /** Name and instance, with a dot between them. */
  get identity() {
    return this._own.identity;
  }

  /** Slots that it may use at once; without a limit it shares what there is. */
  get _slots() {
    return this._own.maxConcurrent ?? 1;
  }

  /** How it stands with the hub; `idle` before it runs, `gone` when it was withdrawn. */
  get state() {
    if (this._running === null) return 'idle';
    return this._running.core.standing(this._number)?.[0] ?? 'gone';
  }

  /** What it has done. */
  metrics() {
    const told = this._running?.core.metrics().find(([number]) => number === this._number);
    return told === undefined ? idle(this._own) : metricsOf(told);
  }

  _begin(running, number) {
    this._running = running;
    this._number = number;
  }

  /** Waits until `look` says that it is through. Gives whether it is, in so many seconds. */
  _until(look, seconds) {
    const { watching } = this._running.service;
    return new Promise((resolve, reject) => {
      let timer;
      const end = (settle, value) => {
        clearTimeout(timer);
        watching.delete(one);
        settle(value);
      };
      const one = {
        noticed() {
          try {
            if (look()) end(resolve, true);
          } catch (error) {
            end(reject, error);
          }
        },
      };
      if (seconds !== undefined) timer = setTimeout(end, seconds * 1000, resolve, false);
      watching.add(one);
      one.noticed();
    });
  }

  /** Waits until the hub sends requests for it. Rejected when it will not. */
  async live() {
    if (this._running === null) {
      throw new SlotwayError(`${this.identity} does not run yet`, CODES.out_of_order);
    }
    await this._until(() => {
      const { state } = this;
      if (state === 'live') return true;
      const gone = state === 'gone' || state === 'withdrawing';
      const over = gone || this._running.service.ended;
      // Counts of all are taken together, so that they are not looked at without need.
      if (!over && state !== 'refused') return false;
      const { ending, reason } = this.metrics();
      if (ending?.name === 'refused') {
        throw new SlotwayError(`the hub refused ${this.identity} (${reason})`, CODES.refused);
      }
      if (over || ending !== undefined) {
        const why = ending?.text ?? `it ${gone ? 'was withdrawn' : 'has ended'}`;
        throw new SlotwayError(`${this.identity} does not serve: ${why}`, CODES.closed);
      }
      return false;
    });
  }

  /** Withdraws it. Gives whether it is gone, in so many seconds. */
  _withdraw(seconds) {
    if (this.state !== 'withdrawing') this._running.core.withdraw(this._number);
    return this._until(() => this.state === 'gone' || this._running.service.ended, seconds);
  }
}

module.exports = { Unit };
