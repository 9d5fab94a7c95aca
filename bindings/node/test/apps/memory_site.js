'use strict';
// An Express application that answers in all ways, and tells what memory it uses.

const { Readable } = require('node:stream');
const express = require('express');

const app = express();

app.get('/leaks/usage', (req, res) => {
  global.gc();
  const { heapUsed, rss } = process.memoryUsage();
  res.json({ heap: heapUsed, rss });
});
app.get('/leaks', (req, res) => {
  const kind = Number(req.originalUrl.split('?')[1]) % 7;
  res.on('finish', () => {});
  if (kind === 1) setImmediate(() => res.json({ later: true }));
  else if (kind === 2) Readable.from(['one', 'two']).pipe(res);
  else if (kind === 3) res.write('piece', () => res.end());
  else res.send('at once');
});
app.post('/leaks', express.text({ type: '*/*' }), (req, res) => res.send(req.body));

module.exports = app;
