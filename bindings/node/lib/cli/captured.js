'use strict';
// A module that calls `listen` by itself is served all the same. In this process it is the hub
// that listens: a server of node:http that is told to does not bind a port, and is kept here.

const http = require('node:http');
const https = require('node:https');

/** @type {http.Server[]} */
const servers = [];
let heard = null;

/** From here on servers do not bind. */
function begin() {
  http.Server.prototype.listen = listen;
  https.Server.prototype.listen = listen;
}

function listen(...args) {
  const callback = args.findLast((argument) => typeof argument === 'function');
  if (callback !== undefined) this.once('listening', callback);
  this.address = () => pretended(args[0]);
  this.close = close;
  tellListening(this, true);
  servers.push(this);
  process.nextTick(() => {
    this.emit('listening');
    heard?.();
  });
  return this;
}

function close(callback) {
  tellListening(this, false);
  process.nextTick(() => {
    this.emit('close');
    callback?.();
  });
  return this;
}

function tellListening(server, value) {
  Object.defineProperty(server, 'listening', { configurable: true, value });
}

/** What was asked for, as `address()` would have it. */
function pretended(asked) {
  if (typeof asked === 'string' && !/^\d+$/.test(asked)) return asked;
  const { port = asked, host = '127.0.0.1' } = typeof asked === 'object' && asked ? asked : {};
  const family = host.includes(':') ? 'IPv6' : 'IPv4';
  return { address: host, family, port: Number(port) || 0 };
}

/** Whether a server was told to listen. */
function any() {
  return servers.length > 0;
}

/** The first server that was told to listen; `undefined` when nothing is left that could. */
async function first() {
  if (servers.length === 0) {
    await new Promise((resolve) => {
      heard = resolve;
      process.once('beforeExit', resolve);
    });
  }
  return servers[0];
}

module.exports = { any, begin, first };
