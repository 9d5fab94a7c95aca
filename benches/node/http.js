'use strict';
// The same by node:http alone.

const http = require('node:http');

const server = http.createServer((req, res) => {
  if (req.method === 'GET') {
    res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 13 });
    res.end('Hello, World!');
    return;
  }
  const pieces = [];
  req.on('data', (piece) => pieces.push(piece));
  req.on('end', () => {
    const text = JSON.stringify(JSON.parse(Buffer.concat(pieces).toString()));
    res.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    res.end(text);
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1');
