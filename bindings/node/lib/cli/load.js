'use strict';
// Finds the application in a module: what it exports, or the server that it has listen.

const http = require('node:http');
const path = require('node:path');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');

const captured = require('./captured.js');
const { Running } = require('../running.js');
const { Worker } = require('../worker.js');

/** Why there is no application, for whoever typed the command. */
class LoadError extends Error {}

/**
 * Imports a module and finds the application in it.
 *
 * @param {{ app: string, export?: string, interface: string }} asked
 * @returns {Promise<Found>}
 */
async function load(asked) {
  const file = locate(asked.app);
  captured.begin();
  const alone = new Promise((_resolve, reject) => {
    Running.heard = () => {
      reject(
        new LoadError(
          `${asked.app} serves by itself; run it with node, or have it export what it serves`,
        ),
      );
    };
  });
  const found = await Promise.race([alone, find(file, asked)]);
  Running.heard = null;
  return found;
}

/**
 * @typedef {object} Found
 * @property {'listener' | 'fetch' | 'worker'} kind
 * @property {any} handler a function, or the worker
 * @property {Function} [like] what the handler hands its messages on to
 * @property {() => unknown} [close]
 */

/** @returns {Promise<Found>} */
async function find(file, asked) {
  const module = await import(pathToFileURL(file));
  const named = asked.export;
  if (named !== undefined && !(named in module) && !(named in (module.default ?? {}))) {
    const there = Object.keys(module).filter((name) => name !== 'module.exports');
    throw new LoadError(
      `${asked.app} has no export '${named}'; it has ${there.join(', ') || 'none'}`,
    );
  }
  const app = await (named === undefined
    ? module.default
    : (module[named] ?? module.default[named]));
  const found =
    (await interfaceOf(app, asked)) ??
    (named === undefined ? await interfaceOf(nested(module, app), asked) : undefined) ??
    serverOf(await captured.first());
  if (found === undefined) {
    throw new LoadError(
      `${asked.app} exports no application; export a function (request, response), an object ` +
        'with fetch(request), the application of a framework or a Worker; or call listen()',
    );
  }
  return found;
}

function locate(app) {
  const wanted = path.resolve(app);
  try {
    return createRequire(path.join(process.cwd(), 'x.js')).resolve(wanted);
  } catch {
    throw new LoadError(`there is no module ${app} (${wanted})`);
  }
}

/** CommonJS that was made of ESM has the default export a level deeper. */
function nested(module, app) {
  if (app?.__esModule) return app.default ?? app.app;
  return module.app ?? module.worker ?? (typeof module.fetch === 'function' ? module : undefined);
}

async function interfaceOf(app, asked) {
  if (app === null || (typeof app !== 'object' && typeof app !== 'function')) return undefined;
  if (app instanceof Worker) return { kind: 'worker', handler: app };
  if (asked.interface === 'fetch') return fetching(app, asked);
  if (app instanceof http.Server) return serverOf(app);
  if (typeof app.routing === 'function' && typeof app.ready === 'function') {
    // Fastify.
    await app.ready();
    return { kind: 'listener', handler: app.routing, close: () => app.close() };
  }
  if (typeof app.callback === 'function') return { kind: 'listener', handler: app.callback() };
  if (typeof app === 'function') {
    // Frameworks' applications are functions with a `listen`; of others their number of
    // parameters says what they take.
    const listens = asked.interface === 'listener' || app.length > 1 || 'listen' in app;
    if (listens) return { kind: 'listener', handler: app };
    if (app.length === 1) return { kind: 'fetch', handler: app };
    throw new LoadError(
      `the function that ${asked.app} exports does not say what it takes; say --interface ` +
        'listener for (request, response), or --interface fetch for (request)',
    );
  }
  if (typeof app.fetch === 'function') return fetching(app, asked);
  if (typeof app.listen !== 'function') return undefined;
  // It has a server of its own, which is not to be known but by having it listen, once.
  if (!captured.any()) await app.listen(0);
  return serverOf(await captured.first());
}

function fetching(app, asked) {
  if (typeof app === 'function') return { kind: 'fetch', handler: app };
  if (typeof app.fetch === 'function') {
    return { kind: 'fetch', handler: (request) => app.fetch(request) };
  }
  throw new LoadError(`what ${asked.app} exports is no function and has no fetch(request)`);
}

/** @param {http.Server | undefined} server */
function serverOf(server) {
  if (server === undefined) return undefined;
  return {
    kind: 'listener',
    handler: (request, response) => server.emit('request', request, response),
    like: server.listeners('request')[0],
  };
}

module.exports = { LoadError, load };
