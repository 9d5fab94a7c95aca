'use strict';
// The same with Express: by itself where PORT is set, else for a server to take.

const express = require('express');

const app = express();
app.get('/', (req, res) => {
  res.type('text/plain').send('Hello, World!');
});
app.post('/echo', express.json(), (req, res) => {
  res.json(req.body);
});

if (process.env.PORT) app.listen(Number(process.env.PORT), '127.0.0.1');
module.exports = app;
