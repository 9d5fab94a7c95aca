'use strict';
// An Express application that knows nothing of Slotway: it would listen on a port by itself.
//
//     npx slotway express_app.js

const express = require('express');

const app = express();
app.use(express.json());

app.get('/hello/:name', (req, res) => {
  res.send(`hello, ${req.params.name}`);
});

app.post('/sum', (req, res) => {
  const { numbers = [] } = req.body ?? {};
  res.json({ sum: numbers.reduce((sum, number) => sum + number, 0) });
});

app.listen(3000, () => console.log('ready'));
