'use strict';
// An application that calls, as `npx slotway` serves it.

const { call } = require('slotway');

module.exports = async (req, res) => {
  const { body } = await call('app/work', 'upper', req.url);
  res.end(`${body} ${process.pid}`);
};
