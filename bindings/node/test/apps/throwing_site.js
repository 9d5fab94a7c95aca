'use strict';
// Counts a body, and throws at the letter x. Who is told of what nobody has caught goes on.

process.on('uncaughtException', (error) => console.log(`uncaught: ${error.message}`));

module.exports = (req, res) => {
  console.log('waiting');
  let length = 0;
  req.on('data', (piece) => {
    if (piece[0] === 'x'.charCodeAt(0)) {
      req.removeAllListeners('data');
      throw new Error('told x');
    }
    length += piece.length;
  });
  req.on('end', () => res.end(String(length)));
};
