import type { Readable } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** When a hub counts as hung; one that dies is noticed at once without this. */
export interface Heartbeat {
  /** Seconds between two questions. Default 30. */
  interval?: number | undefined;
  /** Seconds without a word from the hub after which the connection is given up. Default 45. */
  timeout?: number | undefined;
}

/** What may be said of a registration. */
export interface RegistrationOptions {
  /**
   * Which of its name it is: 1 to 128 letters, digits, `_` or `-`. Name and instance are the
   * identity, by which a hub may let registrations in; without it the hub makes one.
   */
  instance?: string | undefined;
  /** Requests at a time that are sent here; the rest waits in the hub. */
  maxConcurrent?: number | undefined;
}

/** What may be said of a connection and of what it registers first. */
export interface ConnectionOptions extends RegistrationOptions {
  /**
   * The path of the hub's control socket. Without it what `SLOTWAY_HUB` names, else
   * `$XDG_RUNTIME_DIR/slotway/hub.sock`, else `/tmp/slotway-$UID/hub.sock`.
   */
  hub?: string | undefined;
  /** Requests in hand at most, over all registrations: slots of the shared memory. */
  slots?: number | undefined;
  /** Bytes for the head of a request or an answer. */
  headBytes?: number | undefined;
  /** Bytes of a request's body that lie in its slot at once: a power of two. */
  requestBytes?: number | undefined;
  /** Bytes of an answer's body that lie in its slot at once: a power of two. */
  responseBytes?: number | undefined;
  /** How long a drain waits for what is in hand, in seconds. Default 30. */
  drainDeadline?: number | undefined;
  /**
   * The number of this deployment: as soon as it serves, the hub retires those of its name with
   * lower numbers. Without it what `SLOTWAY_GENERATION` says.
   */
  generation?: number | undefined;
  /** What `start` waits for: the hub (the default), one attempt, or so many seconds. */
  connect?: 'once' | number | undefined;
  /** Asks the hub now and then whether it is there. Default never. */
  heartbeat?: Heartbeat | undefined;
}

/** What may be said of a route. */
export interface RouteOptions {
  /** The one host that it is for, `api.example`, or all below a domain, `*.example`. */
  host?: string | undefined;
  /** Whether a request may be sent to another worker when this one dies with it. */
  idempotent?: boolean | undefined;
}

/** A piece of a body. */
export type Piece = string | ArrayBufferView | ArrayBuffer;

/**
 * What a handler may give back: text, bytes, what JSON can say, `null` (204), a web Response, or
 * pieces of a body from a stream or an iterator.
 *
 * One that answers later gives back its `Reply`, or nothing if it is no `async` function.
 */
export type Answer =
  | string
  | number
  | boolean
  | null
  | undefined
  | void
  | ArrayBufferView
  | ArrayBuffer
  | Blob
  | Response
  | Readable
  | ReadableStream<Piece>
  | AsyncIterable<Piece>
  | Generator<Piece>
  | Reply
  | object;

/** What answers a route. */
export type Handler = (req: Request, reply: Reply) => Answer | PromiseLike<Answer>;

/** What answers a route in the form of the web. */
export type FetchHandler = (
  request: globalThis.Request,
) => globalThis.Response | PromiseLike<globalThis.Response>;

/** An activity in this worker's hands. */
export interface Activity {
  /** The hub's number for it, in digits: no two have the same while the hub runs. */
  readonly id: string;
  /** 1 when it was begun for the first time. */
  readonly attempt: number;
  /** The queue that it came by: `namespace/queue`. */
  readonly queue: string;
  /** Its type. */
  readonly type: string;
  /** The key that its caller gave. */
  readonly key: string | undefined;
}

/** A request's headers. A name may come more than once. */
export interface RequestHeaders extends Iterable<[string, string]> {
  /** The first value of a header, its name in any case of letters. */
  get(name: string): string | undefined;
  /** Every value of a header, in order. */
  getAll(name: string): string[];
  /** Whether there is a header of that name. */
  has(name: string): boolean;
  /** Names, in lower case, and values in turn, in the order in which they came. */
  readonly raw: readonly string[];
}

/**
 * A request. What is looked up of it is looked up when it is asked for; after the answer asking
 * throws a SlotwayError, but for what was asked for before.
 */
export interface Request extends AsyncIterable<Buffer> {
  /** The method as it was sent. */
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  /** The path without its percent-encoding. */
  readonly path: string;
  /** The pattern that matched. */
  readonly route: string;
  /** The path's parameters, by the pattern's names, without percent-encoding. */
  readonly params: Readonly<Record<string, string>>;
  /** What follows the question mark, as it was sent. */
  readonly queryString: string;
  /** The query's parameters, repeats among them. */
  readonly query: URLSearchParams;
  /** The headers. */
  readonly headers: RequestHeaders;
  /** The activity that it is; `undefined` for a client's request. */
  readonly activity: Activity | undefined;
  /** The version of HTTP by which it came to the hub. */
  readonly httpVersion: '1.0' | '1.1' | '2';
  /** Who sent it; `undefined` over a Unix socket. */
  readonly peer: { address: string; port: number } | undefined;
  /** The body's length if the client stated it. */
  readonly contentLength: number | undefined;
  /** Seconds until the answer is due; `undefined` for ever. */
  readonly timeLeft: number | undefined;
  /** Whether nobody waits for the answer any more. */
  readonly cancelled: boolean;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** The whole body: a copy, which is the handler's to keep. */
  bytes(): Promise<Buffer>;
  /** The whole body as UTF-8. What is not is answered with 400, unless it is caught. */
  text(): Promise<string>;
  /** The whole body as JSON. What is not is answered with 400, unless it is caught. */
  json(): Promise<any>;
  /** The body as a stream, read from the client as fast as it is taken. */
  stream(): Readable;
}

/** The answer to a request, for handlers that say more than what they give back. */
export interface Reply {
  /** Chooses the status: 200 without a word, 204 for `null`. */
  status(code: number): this;
  /** Sets a header, or several of one name; what was set by that name before is gone. */
  header(name: string, value: string | number | readonly (string | number)[]): this;
  /** Adds a header, or several of one name. */
  append(name: string, value: string | number | readonly (string | number)[]): this;
  /** Sets the content type. */
  type(value: string): this;
  /** Whether the answer was given or begun. */
  readonly sent: boolean;
  /** Whether all of the answer was given, if it is not on its way yet. */
  readonly given: boolean;
  /** Answers. The promise is for when all of it is on its way; it may be ignored. */
  send(value: Exclude<Answer, undefined | void | Reply>): Promise<void>;
  /** Says of an activity "not now": it goes to another worker, or waits; no attempt is counted. */
  busy(): this;
  /** Adds a piece to an answer in pieces. The promise is for when there is room for more. */
  write(piece: Piece): Promise<void>;
  /** Sends what there is of an answer in pieces on its way: its head at least. */
  flush(): this;
  /** Ends an answer in pieces, with a last one if it is given. */
  end(piece?: Piece): Promise<void>;
  /** Breaks the answer off: the client gets 502, or a broken connection if it had begun. */
  abort(): void;
}

/** What an event says: text, bytes, or anything else that JSON can say; without it nothing. */
export type Payload = string | ArrayBufferView | ArrayBuffer | number | boolean | object | null;

/** What may be said of an event that is published. */
export interface PublishOptions {
  /** Its type: 255 bytes at most, without CR, LF and NUL. Default `message`. */
  type?: string | undefined;
  /** An id of your own, by the same rule. Default its sequence number. */
  id?: string | undefined;
  /** On whose behalf it is published; `null` for the system's own. Default the worker's name. */
  principal?: string | null | undefined;
  /**
   * The hub waits a little (50 ms, unless it is told otherwise) for subscribers that are full
   * before they lose it. What this worker publishes next waits behind it.
   */
  mustDeliver?: boolean | undefined;
  /** Of the events of one key that come close together only the latest reaches subscribers. */
  key?: string | undefined;
  /** It is the last of its key: what waits goes before it, and it is not held back. */
  terminal?: boolean | undefined;
}

/** An event that is to be published. */
export interface Draft extends PublishOptions {
  /** What it is about: 1 to 20 segments with dots between them. */
  topic: string;
  /** What it says. */
  payload?: Payload | undefined;
}

/** An event that was published. */
export interface Received {
  /** What it is about. */
  readonly topic: string;
  /** Its type. */
  readonly type: string;
  /** The id that its publisher gave, else its sequence number. */
  readonly id: string;
  /** Its place in the order of everything that the hub published. */
  readonly seq: number;
  /** When it was published, in milliseconds since 1970. */
  readonly time: number;
  /** Who published it; `null` for the system. */
  readonly principal: string | null;
  /** What it says: a copy, which is the receiver's to keep. */
  readonly payload: Buffer;
  /** What it says, as text. */
  text(): string;
  /** What it says, as JSON. */
  json(): any;
}

/** Word that events were lost at this place of a subscription. */
export class Gap {
  /** Gaps come out of subscriptions. */
  private constructor();
  /** How many. */
  readonly missed: number;
  /** Whether there may have been more. */
  readonly atLeast: boolean;
  /** Whose they were, where the subscription is routed and the hub knows. */
  readonly principal: string | null;
}

/** What may be said of a subscription. */
export interface SubscribeOptions {
  /**
   * How events are kept while they are not taken: in one queue (`lossy`, the default), or in one
   * for each principal, served in turn, so that a flood by one never starves another (`routed`).
   */
  mode?: 'lossy' | 'routed' | undefined;
  /** Events that the hub keeps while this worker does not take them, or of each principal. */
  capacity?: number | undefined;
  /** What goes when more come: the `oldest` (the default) or, where lossy, the `newest`. */
  overflow?: 'oldest' | 'newest' | undefined;
  /** Only events of this principal, `null` for the system's own; where routed. */
  principal?: string | null | undefined;
  /** Begins with what the hub still holds of what came after this sequence number. */
  after?: number | undefined;
  /** Events that wait in this process at most. Default 1024. */
  queue?: number | undefined;
  /** Closes the subscription when it is aborted. */
  signal?: AbortSignal | undefined;
}

/**
 * The events of some topics, as they are published: `for await (const event of subscription)`.
 * It goes on when the hub is started anew, and ends with the worker. It keeps no process alive.
 *
 * What is not taken waits in memory of a fixed size; when that is full, events are lost by the
 * subscription's policy, and a `Gap` is in their place.
 */
export interface Subscription extends AsyncIterableIterator<Received | Gap, undefined> {
  /** Waits until the hub has said that events come: what is published from then on will. */
  live(): Promise<void>;
  /** Ends it; leaving a loop over it does so too. What was not taken is gone. */
  close(): void;
}

/** All clients of one path. */
export interface PathTarget {
  /** As it was asked for: `/rooms/7`. */
  path: string;
}

/** All clients of the paths that a route's pattern makes with parameters. */
export interface PatternTarget {
  /** As it was registered: `/rooms/{room}`. */
  pattern: string;
  /** Values of its parameters; one that is not named may have any. */
  params?: Readonly<Record<string, string | number>> | undefined;
}

/** One client. */
export interface ConnectionTarget {
  /** Its number, or what `connect` was called with. */
  connection: string | StreamClient;
}

/** Whose clients a push goes to; text is a path. */
export type PushTarget = string | PathTarget | PatternTarget | ConnectionTarget;

/** What may be said of a push. */
export interface PushOptions {
  /** The event's type: 255 bytes at most, without CR, LF and NUL. */
  type?: string | undefined;
  /** The event's id, by the same rule. */
  id?: string | undefined;
  /** Their streams end, behind the event if there is one. */
  close?: boolean | undefined;
  /** The registration whose streams are meant, where several have some. Default the first. */
  name?: string | undefined;
}

/** A client of a stream: its request, with who it is. */
export interface StreamClient extends Request {
  /** Its number, in digits; nobody else ever has it. */
  readonly connection: string;
  /** It was there before, with another worker that is gone. */
  readonly reconnect: boolean;
}

/** What hears of the clients of a stream. */
export interface StreamHandlers {
  /**
   * A client is there. Giving back nothing or `true` accepts it, `false` refuses it with 403;
   * anything else is an answer as any handler gives it, and accepts if its status is 2xx.
   */
  connect?: ((client: StreamClient, reply: Reply) => unknown) | undefined;
  /** A client is gone. It hears so once for each that it has not refused. */
  disconnect?: ((client: StreamClient) => unknown) | undefined;
}

/** Events that the hub did not publish. */
export interface PublishRefusal {
  /** Why, for people. */
  readonly reason: string;
  /** How many. */
  readonly count: number;
}

/** Publishes, subscribes, and pushes to clients of streams. */
export interface EventMethods {
  /**
   * Publishes an event if there is room for it now: whether it is on its way. `false`: there is no
   * room, or no hub, and it was not published; `await ready()` and try again, or drop it.
   *
   * Published is not delivered: subscribers that are slow lose events and are told of it, and what
   * the hub has not taken when it dies is lost.
   */
  publish(topic: string, payload?: Payload, options?: PublishOptions): boolean;
  /**
   * Publishes events in order, as many as there is room for now, and gives how many. What is wrong
   * with one of them is thrown when those before it are published, by the call that begins with
   * them or behind them.
   */
  publishMany(events: Iterable<Draft>): number;
  /** Publishes all of them, as fast as there is room, in order. */
  publishAll(events: Iterable<Draft> | AsyncIterable<Draft>): Promise<void>;
  /** Waits until there may be room for what found none. Rejected when the worker has ended. */
  ready(): Promise<void>;
  /** What only the hub can refuse, such as a quota: what it did not publish since the last call. */
  refusals(): PublishRefusal[];
  /** Subscribes to topics. Iterate what it gives. */
  subscribe(patterns: string | Iterable<string>, options?: SubscribeOptions): Subscription;
  /**
   * Has a handler called for each event of topics, one after the other: one that gives back a
   * promise gets the next event when that is settled. What it throws goes to the log.
   */
  on(
    patterns: string | Iterable<string>,
    handler: (event: Received) => unknown,
    options?: SubscribeOptions & {
      /** Is told of losses in place of the log. */
      lost?: ((gap: Gap) => unknown) | undefined;
    },
  ): Subscription;
  /**
   * Pushes an event to clients of a stream of this worker, waits for room, and gives what became
   * of it, as a status of HTTP: 200, it is on its way to them; 404, nobody is there; 410, whoever
   * was there leaves; 429, too much waits for them; 400, the target or the event cannot be.
   */
  push(to: PushTarget, data?: Payload, options?: PushOptions): Promise<number>;
  /**
   * Pushes if there is room now, and does not ask what became of it: for streams of many small
   * events. `false`: there is no room, or no hub, and it was not pushed.
   */
  tryPush(to: PushTarget, data?: Payload, options?: PushOptions): boolean;
}

/** The events of an application that is served: see `events`. */
export interface ProcessEvents extends EventMethods {
  /** Registers a stream that the application owns, before it is served. */
  sse(pattern: string, handlers: StreamHandlers | NonNullable<StreamHandlers['connect']>): this;
}

/**
 * Publishing and subscribing for applications that are served by `serve` or `npx slotway`: those
 * of the first worker that begins in this process. What is subscribed to before begins with it.
 */
export const events: ProcessEvents;

/** What may be said of a call. Times are in seconds. */
export interface CallOptions {
  /**
   * How long it may take in all, waiting and every attempt included, and waiting for a hub too.
   * Default what the hub says (30, unless it is told otherwise), from when the hub has it.
   */
  timeout?: number | undefined;
  /**
   * How often it may be begun when workers end with it in their hands, if it is idempotent.
   * Default 1. What no worker has begun moves to another without counting.
   */
  attempts?: number | undefined;
  /** The pause before the second attempt, which doubles before each further one. Default none. */
  backoff?: number | undefined;
  /** To do it twice does no more than to do it once. */
  idempotent?: boolean | undefined;
  /**
   * A call with a key that an earlier one of the same activity had within ten minutes gets that
   * one's outcome, and nothing is done again.
   */
  key?: string | undefined;
  /** The payload's type. Default `application/json` for what is said as JSON, else none. */
  contentType?: string | undefined;
  /** Hangs up when it is aborted: the worker that is at it sees that nobody waits any more. */
  signal?: AbortSignal | undefined;
}

/** What a worker answered to a call, whatever its status. */
export interface CallReply {
  /** The answer's status. */
  readonly status: number;
  /** Whether the status is one of success, 200 to 299. */
  readonly ok: boolean;
  /** The type of its body, if the worker gave one. */
  readonly contentType: string | undefined;
  /** Its body: a copy, which is the caller's to keep. */
  readonly body: Buffer;
  /** How often it was begun. */
  readonly attempts: number;
  /** Whether it was done for an earlier call with the same key. */
  readonly replayed: boolean;
  /** If it had to wait: seconds that the queue would have liked its caller to hold back. */
  readonly delayHint: number | undefined;
  /** The body as text. */
  text(): string;
  /** The body as JSON. */
  json(): any;
}

/** How a call ended that no worker has answered. `other` is what a newer hub says. */
export type CallEnd =
  | 'no_queue'
  | 'no_activity'
  | 'queue_full'
  | 'wait_timeout'
  | 'deadline'
  | 'worker_gone'
  | 'bad_answer'
  | 'key_reused'
  | 'bad_call'
  | 'no_memory'
  | 'shutting_down'
  | 'other';

/** Calls activities that other workers do. */
export interface CallMethods {
  /**
   * Calls an activity, `type` of the queue `namespace/queue`, and gives what its worker answers.
   * Any number of calls may be on their way at once. While the hub is away it waits for the next.
   *
   * Rejected with a `CallFailed` when no worker has answered, and with a `SlotwayError` of the kind
   * `hub_gone` when the hub went away with the call, which may have been done.
   */
  call(
    queue: string,
    activity: string,
    payload?: Payload,
    options?: CallOptions,
  ): Promise<CallReply>;
}

/**
 * Calls an activity through the first worker that begins in this process: for applications that
 * are served by `serve` or `npx slotway`.
 */
export const call: CallMethods['call'];

/** A worker that serves. */
export interface Running extends EventMethods, CallMethods {
  /** For its end; rejected when the hub refused it, or when a drain's deadline passed. */
  readonly closed: Promise<void>;
  /** Whether there is a hub at the other end now. */
  readonly connected: boolean;
  /** Waits until the hub sends requests here; for how long is the option `connect`. */
  live(): Promise<void>;
  /** Begins to drain: nothing new comes, what is in hand is answered. */
  beginShutdown(): void;
  /** Begins to close without a drain: the hub answers for what is in hand. */
  beginClose(): void;
  /** Drains, and waits for it. Rejects when the drain's deadline passed. */
  shutdown(): Promise<void>;
  /** Closes without a drain, and waits for it. */
  close(): Promise<void>;
  /** Lets the process end although the worker serves. */
  unref(): this;
  /** Keeps the process alive while the worker serves, as it does at first. */
  ref(): this;
}

/**
 * Routes and activities, and what answers them.
 *
 * A pattern is a path in which `{name}` stands for one segment and a closing `{*name}` for the
 * rest.
 */
export interface Offering {
  /** Adds a route: a method, or `*` for every one that no other route of the pattern names. */
  route(method: string, pattern: string, handler: Handler): this;
  /** Adds a route with options. */
  route(method: string, pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds a route for every method that no other route of the pattern names. */
  any(pattern: string, handler: Handler): this;
  /** Adds a route for every other method, with options. */
  any(pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds a route for GET. */
  get(pattern: string, handler: Handler): this;
  /** Adds a route for GET, with options. */
  get(pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds a route for HEAD. */
  head(pattern: string, handler: Handler): this;
  /** Adds a route for HEAD, with options. */
  head(pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds a route for POST. */
  post(pattern: string, handler: Handler): this;
  /** Adds a route for POST, with options. */
  post(pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds a route for PUT. */
  put(pattern: string, handler: Handler): this;
  /** Adds a route for PUT, with options. */
  put(pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds a route for PATCH. */
  patch(pattern: string, handler: Handler): this;
  /** Adds a route for PATCH, with options. */
  patch(pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds a route for DELETE. */
  delete(pattern: string, handler: Handler): this;
  /** Adds a route for DELETE, with options. */
  delete(pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds a route for OPTIONS. */
  options(pattern: string, handler: Handler): this;
  /** Adds a route for OPTIONS, with options. */
  options(pattern: string, options: RouteOptions, handler: Handler): this;
  /** Adds what answers every path in the form of the web. */
  fetch(handler: FetchHandler): this;
  /** Adds what answers every path of a host in the form of the web. */
  fetch(options: RouteOptions, handler: FetchHandler): this;
  /** Adds what answers a pattern in the form of the web. */
  fetch(pattern: string, handler: FetchHandler): this;
  /** Adds what answers a pattern in the form of the web, with options. */
  fetch(pattern: string, options: RouteOptions, handler: FetchHandler): this;
  /** Adds a stream that this worker owns: the hub holds its clients, who get what is pushed. */
  sse(pattern: string, handlers: StreamHandlers | NonNullable<StreamHandlers['connect']>): this;
  /** Adds a stream, with options. */
  sse(
    pattern: string,
    options: Pick<RouteOptions, 'host'>,
    handlers: StreamHandlers | NonNullable<StreamHandlers['connect']>,
  ): this;
  /**
   * Takes activities of one type from a queue, `namespace/queue`: each of the two names 1 to 128
   * letters, digits, `_` or `-`, a type the same with `.` allowed. The request's body is what the
   * caller gave, its `activity` says more, and the answer is the outcome.
   */
  activity(queue: string, type: string, handler: Handler): this;
  /**
   * Activities of a queue in this worker's hands at most; the rest waits in the hub. Default: as
   * many as the registration may have requests.
   */
  capacity(queue: string, activities: number): this;
}

/** What a worker has besides routes: from `begin` on it goes through its connection. */
export interface Worker extends Offering, EventMethods, CallMethods {}

/**
 * Answers requests that the hub hands over. Workers of one name share its load.
 */
export class Worker {
  /**
   * @param name 1 to 128 letters, digits, `.`, `_` or `-`
   * @param options how to reach the hub
   */
  constructor(name: string, options?: ConnectionOptions);
  /** Begins a further registration: routes and activities that follow belong to it. */
  also(name: string, options?: RegistrationOptions): this;
  /** Begins to connect, and serves as soon as there is a hub. */
  begin(): Running;
  /** Connects and serves; the promise is for when the hub sends requests here. */
  start(): Promise<Running>;
  /**
   * Connects and serves until SIGTERM or SIGINT, then drains; a second signal does not wait for
   * the drain. The promise is for the end.
   */
  run(): Promise<void>;
}

/** Why a registration ended, or was without its hub. */
export interface Ending {
  /** `failed` is that there was no hub, or that the system refused something. */
  readonly name:
    | 'shutdown'
    | 'withdrawn'
    | 'refused'
    | 'replaced'
    | 'hub_closed'
    | 'protocol_error'
    | 'heartbeat_timeout'
    | 'failed';
  /** For people. */
  readonly text: string;
}

/**
 * How a registration stands. `idle`: it does not run yet. `pending`: the hub has not said anything,
 * or is away. `waiting`: it waits until somebody at the hub approves it. `gone`: it was withdrawn.
 */
export type RegistrationState =
  'idle' | 'pending' | 'waiting' | 'live' | 'withdrawing' | 'refused' | 'gone';

/** What a registration has done and met, at one moment. */
export interface RegistrationMetrics {
  /** Name and instance, with a dot between them. */
  readonly identity: string;
  /** The name. */
  readonly name: string;
  /** Which of its name it is, if it says so. */
  readonly instance: string | undefined;
  /** How it stands, or stood before the end. */
  readonly state: RegistrationState;
  /** The hub's sentence about that. */
  readonly reason: string | undefined;
  /** Requests and activities that were taken in hand. */
  readonly received: number;
  /** Those that were answered with a status below 500, or given up by their clients. */
  readonly processed: number;
  /** Those that were answered with 500 or more, broken off, or dropped. */
  readonly failed: number;
  /** Those in hand. */
  readonly inFlight: number;
  /** Bytes of bodies that came. */
  readonly bytesIn: number;
  /** Bytes of bodies that were given. */
  readonly bytesOut: number;
  /** How often it came back after it had been live. */
  readonly reconnects: number;
  /** How often the hub went away while it was live. */
  readonly disconnects: number;
  /** Why it did the last time. */
  readonly lastDisconnect: Ending | undefined;
  /** Seconds to wait before it is offered again, while there are any. */
  readonly backoff: number | undefined;
  /** Seconds that the hub took to answer the last heartbeat. */
  readonly heartbeatRtt: number | undefined;
  /** Why it does not come back by itself, if so. */
  readonly ending: Ending | undefined;
}

/** What a unit has besides what it says of itself. */
export interface Unit extends Offering {}

/** A registration of a `Runner`: an identity, routes and activities, and what answers them. */
export class Unit {
  /**
   * @param name 1 to 128 letters, digits, `.`, `_` or `-`; by habit `tenant.type`
   * @param options which of its name it is, and its limit
   */
  constructor(name: string, options?: RegistrationOptions);
  /** Name and instance, with a dot between them. */
  readonly identity: string;
  /** How it stands. */
  readonly state: RegistrationState;
  /** What it has done. */
  metrics(): RegistrationMetrics;
  /** Waits until the hub sends requests for it. Rejected when it will not. */
  live(): Promise<void>;
}

/** What may be said of a runner. `connect` does not matter here. */
export interface RunnerOptions extends Omit<
  ConnectionOptions,
  keyof RegistrationOptions | 'heartbeat'
> {
  /**
   * Whether units may be added while it runs. It goes on then when all of them were withdrawn or
   * refused. Default false.
   */
  hotAdd?: boolean | undefined;
  /**
   * Slots of one region at most. Where the `maxConcurrent` of all units together are more, the
   * units are spread over several connections; a unit without one counts as 1. Default 1024.
   */
  maxSlotsPerRegion?: number | undefined;
  /** Asks the hub now and then whether it is there, unless it is `null`. */
  heartbeat?: Heartbeat | null | undefined;
}

/** How one registration ended. */
export interface Ended {
  /** Name and instance, with a dot between them. */
  readonly identity: string;
  /** Why it ended. */
  readonly reason: Ending;
  /** What it had done. */
  readonly metrics: RegistrationMetrics;
}

/** How a runner ended. */
export interface Report {
  /** Each unit in the order of their adding, and then those that were withdrawn before. */
  readonly registrations: Ended[];
  /** Whether everything in hand was answered before the drain's deadline. */
  readonly drained: boolean;
}

/** What a runner has besides its units: it goes through the first connection. */
export interface Runner extends EventMethods, CallMethods {}

/**
 * Runs many registrations in one process, over one connection and one region, or more where one
 * region would have too many slots. Each is accepted or refused by itself, has its own limits and
 * counts, and what it does or meets changes nothing for the others.
 *
 *     const runner = new Runner([
 *       new Unit('media.resize', { instance: 'a1', maxConcurrent: 4 }).post('/resize', resize),
 *       new Unit('media.crop', { instance: 'a1' }).post('/crop', crop),
 *     ]);
 *     for (const { identity, reason } of (await runner.run()).registrations) {
 *       console.log(`${identity}: ${reason.text}`);
 *     }
 */
export class Runner {
  /**
   * @param units of two with one identity the first stays, with a warning
   * @param options how to reach the hub
   */
  constructor(units?: Iterable<Unit>, options?: RunnerOptions);
  /** Those that it has, in order. */
  readonly units: Unit[];
  /**
   * Adds a unit: before it runs, or while it does if `hotAdd` was asked for. One whose identity is
   * there already is an error.
   */
  add(unit: Unit): this;
  /**
   * Serves until `shutdown`, SIGTERM or SIGINT (unless `signals` is false), or until every
   * registration was withdrawn or refused for good. It runs once; without a unit, or after
   * `shutdown`, it ends at once and connects to nothing. What a hub refuses is in the report.
   */
  run(options?: { signals?: boolean | undefined }): Promise<Report>;
  /** What each unit has done and met, in the order of their adding. */
  metrics(): RegistrationMetrics[];
  /**
   * Withdraws a unit, or that of an identity: nothing new comes for it, what is in hand is
   * answered, the others go on. Gives what it has done. Rejected when something is in hand for
   * longer than a drain may take; it is gone when that has ended.
   */
  withdraw(unit: Unit | string): Promise<RegistrationMetrics>;
  /** Begins to drain, before `run` as well. */
  beginShutdown(): void;
  /** Begins to close without a drain. */
  beginClose(): void;
  /** Drains, and waits for it. */
  shutdown(): Promise<void>;
  /** Closes without a drain, and waits for it. */
  close(): Promise<void>;
}

/** What `serve` may be told. */
export interface ServeOptions extends ConnectionOptions {
  /** The name that it is registered by. Default `app`. */
  name?: string | undefined;
  /** The patterns that it answers, with every method. Default every path. */
  routes?: readonly string[] | undefined;
  /** Whether SIGTERM and SIGINT drain, and a second one closes. Default true. */
  signals?: boolean | undefined;
  /** Streams that the application owns, by their patterns. */
  sse?: Readonly<Record<string, StreamHandlers>> | undefined;
}

/** A listener as `http.createServer` takes it; so are applications of Express and others. */
export type RequestListener = (req: IncomingMessage, res: ServerResponse) => unknown;

/**
 * Serves a listener that was written for `node:http`, and gives a promise for when the hub sends
 * requests here.
 *
 *     const app = express();
 *     app.get('/', (req, res) => res.send('hello'));
 *     const running = await serve(app);
 *
 * Of Koa it is `app.callback()`, of Fastify `app.routing` after `app.ready()`. An application of
 * Express is given as it is, and not in a function around it: it is faster when it is known.
 *
 * @param listener gets node's own messages; what it throws is answered for with 500
 * @param options what to register, and how to reach the hub
 */
export function serve(listener: RequestListener, options?: ServeOptions): Promise<Running>;

/** Everything that slotway throws by itself. */
export class SlotwayError extends Error {
  /**
   * @param message what was wrong
   * @param code the stable code
   */
  constructor(message: string, code: number);
  /** The number of the C interface's status, which is stable; the text is for people. */
  readonly code: number;
  /** The code's name: `cancelled`, `already_answered`, `invalid_head` and so on. */
  readonly kind: string;
}

/** The request's body is not what the handler asked for. Unless it is caught it answers 400. */
export class BadBody extends SlotwayError {
  /** @param message what is wrong with the body, for the client to read */
  constructor(message: string);
}

/** No worker has answered a call. */
export class CallFailed extends SlotwayError {
  /** They come out of calls. */
  private constructor();
  /** How it ended. */
  readonly end: CallEnd;
  /** The hub's sentence. */
  readonly reason: string;
  /** Seconds to stay away for, where the hub says so. */
  readonly retryAfter: number | undefined;
}

/** Where the log goes. */
export interface Logger {
  /** What is of no interest most of the time. */
  debug(text: string, error?: unknown): void;
  /** What happens in the course of things. */
  info(text: string, error?: unknown): void;
  /** What may want to be looked at. */
  warn(text: string, error?: unknown): void;
  /** What went wrong; the stack of what a handler threw is in the second argument. */
  error(text: string, error?: unknown): void;
}

/** Chooses where the log goes, and how much is said: `warn` and more to standard error at first. */
export function configureLog(options: {
  /** The least that is said. */
  level?: 'debug' | 'info' | 'warn' | 'error' | 'silent' | undefined;
  /** Where it goes, `console` for example. */
  logger?: Logger | undefined;
}): void;

/** The version of the package. */
export const version: string;
