import type { Readable } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What may be said of a connection. */
export interface ConnectionOptions {
  /**
   * The path of the hub's control socket. Without it what `SLOTWAY_HUB` names, else
   * `$XDG_RUNTIME_DIR/slotway/hub.sock`, else `/tmp/slotway-$UID/hub.sock`.
   */
  hub?: string | undefined;
  /** Requests at a time that are sent here; the rest waits in the hub. */
  maxConcurrent?: number | undefined;
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
  /** Adds a piece to an answer in pieces. The promise is for when there is room for more. */
  write(piece: Piece): Promise<void>;
  /** Sends what there is of an answer in pieces on its way: its head at least. */
  flush(): this;
  /** Ends an answer in pieces, with a last one if it is given. */
  end(piece?: Piece): Promise<void>;
  /** Breaks the answer off: the client gets 502, or a broken connection if it had begun. */
  abort(): void;
}

/** A worker that serves. */
export interface Running {
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
 * Answers requests that the hub hands over.
 *
 * A pattern is a path in which `{name}` stands for one segment and a closing `{*name}` for the
 * rest. Workers of one name share its load.
 */
export class Worker {
  /**
   * @param name 1 to 128 letters, digits, `.`, `_` or `-`
   * @param options how to reach the hub
   */
  constructor(name: string, options?: ConnectionOptions);
  /** Begins a further registration: routes that follow belong to it. */
  also(name: string, options?: { maxConcurrent?: number | undefined }): this;
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

/** What `serve` may be told. */
export interface ServeOptions extends ConnectionOptions {
  /** The name that it is registered by. Default `app`. */
  name?: string | undefined;
  /** The patterns that it answers, with every method. Default every path. */
  routes?: readonly string[] | undefined;
  /** Whether SIGTERM and SIGINT drain, and a second one closes. Default true. */
  signals?: boolean | undefined;
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
