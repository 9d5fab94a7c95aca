'use strict';
// Listeners that a test serves in its own process, and connections to them.

const net = require('node:net');
const { serve } = require('slotway');

const { PATIENCE } = require('./hub.js');

/** Serves a listener at one path of its own for as long as a test takes. */
async function serving(hub, t, name, listener) {
  const routes = [`/${name}`, `/${name}/{*rest}`];
  const server = await serve(listener, {
    name,
    routes,
    hub: hub.control,
    signals: false,
    drainDeadline: 5,
  });
  t.after(() => server.close());
  return server;
}

/** A connection on which a request was begun. */
function raw(hub, text) {
  const socket = net.connect(hub.port, '127.0.0.1');
  socket.setTimeout(PATIENCE, () => socket.destroy(new Error('nothing moves')));
  socket.on('error', () => {});
  socket.write(text);
  return socket;
}

const head = (method, target, ...rest) =>
  [`${method} ${target} HTTP/1.1`, 'Host: a', ...rest, '', ''].join('\r\n');

/** What a connection has brought until it matches. */
function until(socket, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (pattern.test(text)) resolve(text);
    });
    socket.on('close', () => reject(new Error(`it closed after ${text.slice(0, 300)}`)));
  });
}

module.exports = { head, raw, serving, until };
