'use strict';
// An application on node's own server, started as its framework's first page says.

const http = require('node:http');

const app = require(process.argv[2]);

const say = (server) => console.log(`listening on ${server.address().port}`);

if (typeof app.ready === 'function') {
  app.listen({ port: 0, host: '127.0.0.1' }).then(() => say(app.server));
} else {
  const server = typeof app.listen === 'function' ? app : http.createServer(app);
  const listening = server.listen(0, '127.0.0.1', () => say(listening));
}
