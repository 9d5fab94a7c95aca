'use strict';
// What a request says of the activity that it is.

/** The routes of activities begin so. */
const ROUTES = '/queues/';

/** An activity in this worker's hands. */
class Activity {
  constructor(id, attempt, queue, type, key) {
    /** The hub's number for it, in digits: no two have the same while the hub runs. */
    this.id = id;
    /** 1 when it was begun for the first time. */
    this.attempt = attempt;
    /** `namespace/queue`. */
    this.queue = queue;
    /** Its type. */
    this.type = type;
    /** The key that its caller gave. */
    this.key = key;
  }
}

/**
 * What a request says of itself; `null` if it is none.
 * @param {import('./request.js').Request} request
 */
function activityOf({ route, headers }) {
  const id = route.startsWith(ROUTES) ? headers.get('slotway-activity') : undefined;
  if (id === undefined) return null;
  const [queue, type] = [route.slice(ROUTES.length, route.lastIndexOf('/')), route.split('/')[4]];
  const attempt = Number(headers.get('slotway-attempt'));
  return new Activity(id, attempt, queue, type, headers.get('idempotency-key'));
}

module.exports = { activityOf };
