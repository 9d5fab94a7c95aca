'use strict';
// The command line of `npx slotway`.

const { parseArgs } = require('node:util');

const { version } = require('../native.js');

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];
const INTERFACES = ['auto', 'listener', 'fetch'];

/** What other servers are told, and who is to be told it here. */
const LISTENS = 'the hub listens for clients: slotway hub --listen HOST:PORT';
const ELSEWHERE = {
  host: LISTENS,
  port: LISTENS,
  'ssl-key': 'the hub speaks TLS: slotway hub --tls-cert FILE --tls-key FILE',
  'ssl-cert': 'the hub speaks TLS: slotway hub --tls-cert FILE --tls-key FILE',
};

const HELP = `Usage: slotway [options] APP

Serves what the module APP exports as a worker of the Slotway hub: a listener for
requests as node:http takes it, a fetch handler, the application of a framework (Express,
Fastify, Koa, Hono, ...), or a Worker. A module that calls listen() by itself is served too.

Options:
      --name NAME             name to register an application under; default: the file's
      --route PATTERN         pattern to register, for all methods, such as /api/{*path};
                              may be given several times; default: / and /{*path}
      --hub PATH              the hub's control socket; default: $SLOTWAY_HUB, else the
                              usual place
  -w, --workers N             processes; default: $WEB_CONCURRENCY, else 1
      --export NAME           which of the module's exports; default: the default one
      --interface KIND        auto, listener or fetch; default: auto, which looks
      --limit-concurrency N   requests in flight; more wait in the hub
      --timeout-graceful-shutdown SECONDS
                              for requests in flight at the end; default: 30
      --watch                 start anew when sources change; for development
      --watch-path PATH       directory to watch; may be given several times; default: .
      --log-level LEVEL       ${LEVELS.join(', ')}; default: info
      --version
  -h, --help

SIGTERM and SIGINT finish what is in flight, a second one does not wait. SIGHUP gives each
of several workers a successor.`;

/** What is wrong with a command line. */
class UsageError extends Error {}

function count(flag, text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new UsageError(`${flag}: '${text}' is not a number of 1 or more`);
  }
  return Number(text);
}

function seconds(flag, text) {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) >= 1e9) {
    throw new UsageError(`${flag}: '${text}' is not a number of seconds`);
  }
  return Number(text);
}

function oneOf(flag, text, words) {
  if (!words.includes(text)) {
    throw new UsageError(`${flag}: '${text}' is none of ${words.join(', ')}`);
  }
  return text;
}

/** Names are letters, digits, dots, dashes and underscores. */
function nameOf(file) {
  const base = file.split('/').pop() || 'app';
  return base.replace(/\.[cm]?[jt]s$/, '').replace(/[^A-Za-z0-9._-]/g, '-');
}

/**
 * Reads a command line.
 *
 * @param {string[]} given
 * @param {NodeJS.ProcessEnv} environment
 */
function read(given, environment) {
  let parsed;
  try {
    parsed = parseArgs({
      args: given,
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        route: { type: 'string', multiple: true },
        hub: { type: 'string' },
        workers: { type: 'string', short: 'w' },
        export: { type: 'string' },
        interface: { type: 'string' },
        'limit-concurrency': { type: 'string' },
        'timeout-graceful-shutdown': { type: 'string' },
        watch: { type: 'boolean' },
        'watch-path': { type: 'string', multiple: true },
        'log-level': { type: 'string' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        host: { type: 'string' },
        port: { type: 'string', short: 'p' },
        'ssl-key': { type: 'string' },
        'ssl-cert': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error.message);
  }
  const { values, positionals } = parsed;
  if (values.help) return { say: HELP };
  if (values.version) return { say: `slotway ${version}` };
  for (const [flag, why] of Object.entries(ELSEWHERE)) {
    if (values[flag] !== undefined) throw new UsageError(`--${flag}: ${why}`);
  }
  if (positionals.length !== 1) {
    throw new UsageError(
      positionals.length === 0
        ? 'which application? Give the file of its module, such as app.js'
        : `one application at a time; these are ${positionals.length}: ${positionals.join(' ')}`,
    );
  }
  const [app] = positionals;
  const limit = values['limit-concurrency'];
  return {
    app,
    /** The flags that were given. */
    given: Object.keys(values),
    name: values.name ?? nameOf(app),
    routes: values.route,
    hub: values.hub,
    workers: values.workers
      ? count('--workers', values.workers)
      : count('WEB_CONCURRENCY', environment.WEB_CONCURRENCY || '1'),
    export: values.export,
    interface: oneOf('--interface', values.interface ?? 'auto', INTERFACES),
    maxConcurrent: limit === undefined ? undefined : count('--limit-concurrency', limit),
    patience: seconds('--timeout-graceful-shutdown', values['timeout-graceful-shutdown'] ?? '30'),
    watch: values.watch || values['watch-path'] ? (values['watch-path'] ?? ['.']) : null,
    logLevel: oneOf('--log-level', values['log-level'] ?? 'info', LEVELS),
  };
}

module.exports = { UsageError, read };
