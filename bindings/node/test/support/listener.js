'use strict';
// A client of a stream of events.

const http = require('node:http');

const { PATIENCE } = require('./hub.js');

/** An open stream, read event by event. */
class Listener {
  constructor(request, response) {
    this.request = request;
    this.response = response;
    this.text = '';
    this.events = [];
    this.waiting = [];
    this.over = false;
    response.setEncoding('utf8').on('data', (text) => this.read(text));
    response.on('close', () => this.end());
    response.on('error', () => {});
  }

  read(text) {
    const blocks = (this.text + text).split('\n\n');
    this.text = blocks.pop();
    for (const block of blocks) {
      const event = { event: 'message', id: undefined, data: [] };
      for (const line of block.split('\n')) {
        const [, name, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
        if (name === 'data') event.data.push(value);
        else if (name) event[name] = value;
      }
      // Comments keep the connection alive.
      if (event.data.length === 0 && event.event === 'message') continue;
      event.data = event.data.join('\n');
      this.events.push(event);
    }
    this.look();
  }

  end() {
    this.over = true;
    this.look();
  }

  look() {
    while (this.waiting.length > 0 && (this.events.length > 0 || this.over)) {
      const { resolve, reject, late } = this.waiting.shift();
      clearTimeout(late);
      if (this.events.length > 0) resolve(this.events.shift());
      else reject(new Error('the stream has ended'));
    }
  }

  /** The next event. */
  next() {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no event comes')), PATIENCE);
      this.waiting.push({ resolve, reject, late });
      this.look();
    });
  }

  /** The data of so many events. */
  async data(count) {
    const found = [];
    while (found.length < count) found.push((await this.next()).data);
    return found;
  }

  /** Goes away. */
  close() {
    this.request.destroy();
  }
}

/** Opens a stream, and reads the event that says that it is open. */
function listen(port, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false });
    request.on('error', reject);
    request.on('response', async (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`${path} was answered with ${response.statusCode}`));
        return;
      }
      const listener = new Listener(request, response);
      const ready = await listener.next();
      listener.connection = JSON.parse(ready.data).connection;
      resolve(listener);
    });
  });
}

module.exports = { Listener, listen };
