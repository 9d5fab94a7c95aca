/**
 * The native part: `lib` builds on it, and nobody else should.
 *
 * A request is a number, valid until it is answered. What is asked of one that was answered
 * throws a SlotwayError with code -8.
 */

/** A method, a pattern, a host, whether requests may be sent twice, whether clients stay. */
export type NativeRoute = [string, string, string | null | undefined, boolean, boolean?];

/** A queue and the types of activities that are taken from it. */
export interface NativeQueue {
  queue: string;
  activities: string[];
  capacity?: number | null;
}

/** One name and its routes and queues. */
export interface NativeRegistration {
  name: string;
  instance?: string | null;
  maxConcurrent?: number | null;
  routes: NativeRoute[];
  queues?: NativeQueue[] | null;
}

/** What may be said of a connection. */
export interface NativeOptions {
  hub?: string | null;
  slots?: number | null;
  headBytes?: number | null;
  requestBytes?: number | null;
  responseBytes?: number | null;
  /** Seconds. */
  drainDeadline?: number | null;
  generation?: number | null;
  /** It stays when the hub has refused every registration. */
  keepOpen?: boolean | null;
  /** Seconds. */
  heartbeat?: { interval?: number | null; timeout?: number | null } | null;
  /** What `waitLive` waits for: the hub, one attempt, or so many seconds. */
  connect?: 'once' | number | null;
}

/** Times are in seconds. */
export type NativeMetrics = [
  number: number,
  name: string,
  instance: string | null,
  state: string,
  reason: string | null,
  received: number,
  processed: number,
  failed: number,
  inFlight: number,
  bytesIn: number,
  bytesOut: number,
  reconnects: number,
  disconnects: number,
  backoff: number | null,
  heartbeatRtt: number | null,
  lastDisconnect: string | null,
  lastDisconnectText: string | null,
  ending: string | null,
  endingText: string | null,
];

/** A connection's functions. They need no `this`. */
export interface Core {
  /**
   * The requests that are here, as many as fit: for each its number, the index of its
   * registration, and that of its route among those of the registration, on which its activities
   * are counted. 0: `wake` is called when there may be some, or notices.
   * Throws code -2 after a shutdown.
   */
  take(into: Int32Array): number;
  /**
   * The numbers of requests, subscriptions, pushes and calls for which a wait may be over that
   * `read`, `write`, `watch`, `receive`, `live`, `pushed` or `outcome` began; -1 for `room`.
   */
  notices(into: Int32Array): number;
  /**
   * Calls `wake` on the event loop when there may be something, and again, after promises and
   * ticks, while it gives `true`; with `last` for the last time of this turn of the loop.
   */
  begin(wake: (last: boolean) => boolean): void;
  end(): void;
  /** Whether it keeps the process alive. */
  hold(whether: boolean): void;
  waitLive(): Promise<void>;
  /** Gives whether everything in hand was answered. */
  waitClosed(): Promise<boolean>;
  beginShutdown(): void;
  beginClose(): void;
  connected(): boolean;
  /** Adds a registration, and gives its number, which no other ever has. */
  add(registration: NativeRegistration): number;
  /** Begins to withdraw a registration. It is gone once `standing` gives `null`. */
  withdraw(number: number): void;
  /**
   * How a registration stands, and the hub's sentence. `wake` is called when it may have changed.
   * `null`: there is none of that number, or none any more.
   */
  standing(number: number): [state: string, reason: string | null] | null;
  /** What each registration has done, those first that were withdrawn. */
  metrics(): NativeMetrics[];
  inHand(): number;

  /**
   * The head as one string, with numbers in `into`: the index of the method in `methods`, or
   * below 0 the length of its name; the length of the target; the version of HTTP, 10, 11 or 20;
   * the count of headers; and for each header the index of its name in `names`, or below 0 the
   * length of its name, and the length of its value. The string has, in this order, the method if
   * it is none of those, the target, and of each header the name if it is none of those and the
   * value. `null`: `into` is too short for `into[3]` headers.
   */
  head(number: number, into: Int32Array): string | null;
  method(number: number): string;
  /** Without percent-encoding. */
  path(number: number): string;
  /** Path and query as they were sent. */
  target(number: number): string;
  query(number: number): string;
  route(number: number): string;
  /** Names and values in turn. */
  params(number: number): string[];
  header(number: number, name: string): string | undefined;
  contentLength(number: number): number | undefined;
  version(number: number): number;
  /** Address and port, with a space between. */
  peer(number: number): string | undefined;

  /**
   * Copies the whole body to `into`, from an index on, and gives its length. -1: it is not all
   * here, `read` it. Less: it does not fit; its length is -2 - that.
   */
  body(number: number, into: Uint8Array, from: number): number;
  /** The whole body as text; `null`: it is not all here, `read` it. */
  text(number: number): string | null;
  /** Some of the body; 0 at its end; -1: a notice comes when there is more. */
  read(number: number, into: Uint8Array, from: number): number;
  atEnd(number: number): boolean;

  /**
   * Answers. `headers` is names and values with a NUL between any two: 2 × `count` of them.
   * `false`: the slot does not hold the body at once; nothing has happened.
   */
  respond(
    number: number,
    status: number,
    count: number,
    headers: string | null,
    body: string | Uint8Array | null,
  ): boolean;
  start(number: number, status: number, count: number, headers: string | null): void;
  /** How many bytes went; -1: a notice comes when there is room. */
  write(number: number, bytes: Uint8Array, from: number): number;
  flush(number: number): void;
  finish(number: number): void;
  /** The client gets 502, or a broken connection if the answer had begun. */
  abort(number: number): void;
  /** Lets go of a request; one that is not answered is answered with 500. */
  drop(number: number): void;
  /** Whether the answer is still to be completed. */
  open(number: number): boolean;
  started(number: number): boolean;
  cancelled(number: number): boolean;
  /** As `cancelled`; if not, a notice comes when it is. */
  watch(number: number): boolean;
  /** Seconds until the answer is due. */
  timeLeft(number: number): number | undefined;

  /**
   * Publishes events in order, as many as there is room for now, and gives how many; -1: there is
   * no hub now. `texts` has topic, type, id, principal and key of each, empty where there is none,
   * with a NUL between any two; `ints` has flags (1 for must-deliver, 2 for the system's own, 4 for
   * the last of its key), and where its payload begins in `payloads` and how long it is.
   */
  publish(count: number, texts: string, ints: Int32Array, payloads: Uint8Array): number;
  /** 1: there may be room; 0: a notice -1 comes when there is; -1: there is no hub now. */
  room(): number;
  /** What the hub did not publish of what it was given: reasons and how many in turn. */
  refusals(): (string | number)[];

  /** Gives a number, -2 or less. */
  subscribe(patterns: string[], options: NativeTopics): number;
  unsubscribe(number: number): void;
  /** Whether the hub has said that events come; if not, a notice comes when it has. */
  live(number: number): boolean;
  /**
   * Takes what has come: gives the texts, with numbers before them. The first is how many events
   * there are; the second, if there are none, how many bytes the payload of the first has, which
   * did not fit from `from` on. None and 0: a notice comes when there may be some. For each event 8
   * numbers follow: what it is (0 an event, 1 a gap, 2 a gap of at least so many); its sequence
   * number, or how many are missing; when it was published, in milliseconds; the lengths of topic
   * and type (-2: those of the event before), id and principal (-1: there is none) in the texts;
   * and that of the payload in `bytes`. Throws code -2 after a shutdown, when all was taken.
   */
  receive(number: number, numbers: Float64Array, bytes: Uint8Array, from: number): string;

  /**
   * Pushes to clients of a stream, if there is room now. `what` is 0 for a path, 1 for a pattern, 2
   * for a connection, with 4 added to end their streams and 8 for each parameter; `texts` has the
   * target, the event's type and id, and names and values of the parameters, with a NUL between any
   * two. 1: it is pushed; if an answer is wanted, a number for `pushed`, -2 or less. 0: there is no
   * room. -1: there is no hub now.
   */
  push(
    what: number,
    texts: string,
    data: string | Uint8Array,
    registration: number,
    answer: boolean,
  ): number;
  /** What became of a push: a status, which is told once; -1: a notice comes when it is known. */
  pushed(number: number): number;

  /**
   * Calls an activity, if there is room now. `texts` has queue, activity, content type and key,
   * empty where there is none, with a NUL between any two; `numbers` has flags (1: idempotent), how
   * long it may take in milliseconds (0: as the hub says), how often it may be begun, and the pause
   * before the second time in milliseconds. A number for `outcome` and `hangUp`, -2 or less. 0:
   * there is no room. -1: there is no hub now.
   */
  call(texts: string, payload: string | Uint8Array, numbers: Int32Array): number;
  /**
   * What became of a call, which is told once. The first of `numbers` is 0 if a worker has
   * answered, 1 if not, 2 if the body does not fit into `bytes` from `from` on, and 3 if there is no
   * outcome yet: then a notice comes when there may be. For 0 there follow the status, how often it
   * was begun, milliseconds to hold back (0: none), 1 if it was done for an earlier call, and the
   * length of the body; the content type is given. For 1 the milliseconds are there too, and how it
   * ended is given and the reason, with a NUL between them. For 2 the numbers are those of 0.
   */
  outcome(number: number, numbers: Int32Array, bytes: Uint8Array, from: number): string | null;
  /** Nobody waits for what becomes of a call. */
  hangUp(number: number): void;
}

/** What may be said of a subscription. */
export interface NativeTopics {
  mode?: 'lossy' | 'routed' | null;
  capacity?: number | null;
  overflow?: 'oldest' | 'newest' | null;
  /** `null` for the system's own. */
  principal?: string | null;
  after?: number | null;
  queue?: number | null;
}

export const version: string;
/** How many slots a region has unless something else is said. */
export const slots: number;
/** The methods and headers that `head` gives by their index. */
export const methods: string[];
export const names: string[];
/** Begins to connect and register. */
export function open(registrations: NativeRegistration[], options: NativeOptions): Core;
/** Who hears the log: levels are 10, 20, 30 and 40 for errors. */
export function listen(level: number, hear: (level: number, text: string) => void): void;
/** Throws what `subscribe` would. */
export function checkTopics(patterns: string[], options: NativeTopics): void;
/** The class of errors. */
export function useClass(type: new (message: string, code: number) => Error): void;
