'use strict';
// What a listener can do to a response, and ask of a request, without any framework.

const { Readable, pipeline } = require('node:stream');

/** What the hub adds, or takes away because it is about one connection. */
const HUBS = /^(x-forwarded-|forwarded$|x-request-id$|traceparent$|connection$|transfer-encoding$)/;

const LARGE = Buffer.alloc(300_000, '0123456789abcdef');
/** What happened to the request before, for the next one to tell. */
let before = [];

const facts = (req) => ({
  method: req.method,
  url: req.url,
  version: req.httpVersion,
  major: req.httpVersionMajor,
  headers: Object.entries(req.headers).filter(([name]) => !HUBS.test(name)),
  distinct: Object.entries(req.headersDistinct).filter(([name]) => !HUBS.test(name)),
  trailers: req.trailers,
  complete: req.complete,
  aborted: req.aborted,
  address: req.socket.remoteAddress,
  family: req.socket.remoteFamily,
  encrypted: req.socket.encrypted ?? false,
  same: [req.socket === req.connection, req.socket === req.res?.socket],
  streams: [req instanceof Readable, req.readable, req.readableEnded, req.destroyed],
});

const state = (res) => ({
  sent: res.headersSent,
  ended: res.writableEnded,
  finished: res.writableFinished,
  destroyed: res.destroyed,
  closed: res.closed,
  needDrain: res.writableNeedDrain,
  status: res.statusCode,
  socket: res.socket === null,
});

function errorOf(act) {
  try {
    act();
    return 'nothing';
  } catch (error) {
    return `${error.name} ${error.code}`;
  }
}

const PAGES = {
  '/facts'(req, res) {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(facts(req), null, 1));
  },
  '/write-head'(req, res) {
    res.writeHead(201, 'Made', { 'Content-Type': 'text/plain', 'X-Number': 7 });
    res.end('made');
  },
  '/write-head-pairs'(req, res) {
    res.writeHead(200, [
      ['X-A', '1'],
      ['X-A', '2'],
      ['Set-Cookie', ['a=1', 'b=2']],
    ]);
    res.end('pairs');
  },
  '/write-head-flat'(req, res) {
    res.writeHead(200, ['X-A', '1', 'X-B', '2', 'X-A', '3']);
    res.end('flat');
  },
  '/merged'(req, res) {
    res.setHeader('X-Kept', 'kept');
    res.setHeader('X-Replaced', 'before');
    res.writeHead(200, { 'X-Replaced': 'after' });
    res.end('merged');
  },
  '/cookies'(req, res) {
    res.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2; HttpOnly']);
    res.appendHeader('Set-Cookie', 'c=3');
    res.setHeader('X-Many', ['one', 'two']);
    res.removeHeader('X-None');
    res.end(JSON.stringify([res.getHeaders(), res.getHeaderNames(), res.hasHeader('x-many')]));
  },
  '/nothing'(req, res) {
    res.end();
  },
  '/status/204'(req, res) {
    res.writeHead(204, { 'X-Empty': 'yes' });
    res.end('not sent');
  },
  '/status/304'(req, res) {
    res.statusCode = 304;
    res.setHeader('ETag', '"x"');
    res.end();
  },
  '/status/418'(req, res) {
    res.statusCode = 418;
    res.end('short and stout');
  },
  '/status/599'(req, res) {
    res.statusCode = 599;
    res.end();
  },
  '/large'(req, res) {
    res.setHeader('Content-Length', LARGE.length);
    res.end(LARGE);
  },
  '/large-text'(req, res) {
    res.end(LARGE.toString());
  },
  '/large-chunks'(req, res) {
    let left = 20;
    const write = () => {
      while (left-- > 0) if (!res.write(LARGE)) return res.once('drain', write);
      return res.end('the end');
    };
    write();
  },
  '/pieces'(req, res) {
    res.write('one,');
    res.write(Buffer.from('two,'));
    res.write('dHdvLg==', 'base64');
    res.write(new Uint8Array([51, 44]));
    setImmediate(() => {
      res.write('four,');
      setTimeout(() => res.end('five'), 5);
    });
  },
  '/flushed'(req, res) {
    res.setHeader('X-Flushed', 'yes');
    res.flushHeaders();
    setTimeout(() => res.end('late'), 5);
  },
  '/flushed-empty'(req, res) {
    res.flushHeaders();
    res.end();
  },
  '/piped'(req, res) {
    Readable.from(['a', 'b', 'c'].map((letter) => letter.repeat(1000))).pipe(res);
  },
  '/pipeline'(req, res) {
    pipeline(Readable.from([LARGE, LARGE]), res, (error) => {
      before.push(`pipeline: ${error?.code}`);
    });
  },
  '/corked'(req, res) {
    res.cork();
    res.write('a');
    res.write('b');
    setImmediate(() => {
      res.uncork();
      res.end('c');
    });
  },
  '/latin'(req, res) {
    res.setHeader('X-Latin', 'Gr\xfc\xdfe');
    res.end(Buffer.from('bytes'));
  },
  '/latin-text'(req, res) {
    res.setHeader('X-Latin', 'Gr\xfc\xdfe');
    res.end('gr\u00fc\u00dfe \u20ac');
  },
  '/latin-body'(req, res) {
    res.setHeader('X-Latin', 'Gr\xfc\xdfe');
    res.end('gr\xfc\xdfe', 'latin1');
  },
  '/utf16'(req, res) {
    res.end('\u20ac', 'utf16le');
  },
  '/removed'(req, res) {
    res.setHeader('X-Gone', 'yes');
    res.removeHeader('X-Gone');
    res.removeHeader('Content-Length');
    res.end('removed');
  },
  '/errors'(req, res) {
    const found = [
      errorOf(() => res.setHeader('bad name', 'x')),
      errorOf(() => res.setHeader('x', 'line\nbreak')),
      errorOf(() => res.setHeader('x', undefined)),
      errorOf(() => res.writeHead(99)),
      errorOf(() => res.writeHead(200, { 'bad name': 'x' })),
      errorOf(() => res.writeHead(200, { x: 'line\nbreak' })),
      errorOf(() => res.write(7)),
      errorOf(() => res.write(null)),
    ];
    res.writeHead(200);
    found.push(
      errorOf(() => res.setHeader('x', 'y')),
      errorOf(() => res.writeHead(200)),
      errorOf(() => res.removeHeader('x')),
    );
    res.end(found.join('\n'));
    before.push(errorOf(() => res.setHeader('x', 'y')));
    res.on('error', (error) => before.push(`error event ${error.code}`));
    res.write('after', (error) => before.push(`write after end: ${error?.code}`));
    res.end('again', (error) => before.push(`end after end: ${error?.code}`));
    res.end((error) => before.push(`end twice: ${error?.code}`));
  },
  '/events'(req, res) {
    const hear = (emitter, name, prefix) => {
      emitter.on(name, () => before.push(`${prefix}:${name} ${JSON.stringify(state(res))}`));
    };
    for (const name of ['prefinish', 'finish', 'close']) hear(res, name, 'res');
    for (const name of ['end', 'close', 'aborted']) hear(req, name, 'req');
    before.push(JSON.stringify(state(res)));
    res.write('some', () => before.push('written'));
    before.push(JSON.stringify(state(res)));
    res.end('more', () => before.push('ended'));
    before.push(JSON.stringify(state(res)));
  },
  '/events-at-once'(req, res) {
    const hear = (emitter, name, prefix) => {
      emitter.on(name, () => before.push(`${prefix}:${name} ${JSON.stringify(state(res))}`));
    };
    for (const name of ['prefinish', 'finish', 'close']) hear(res, name, 'res');
    for (const name of ['end', 'close']) hear(req, name, 'req');
    res.end('all', () => before.push('ended'));
    before.push(JSON.stringify(state(res)));
  },
  '/before'(req, res) {
    const told = before;
    before = [];
    res.end(told.join('\n'));
  },
  '/trailers'(req, res) {
    res.writeHead(200, { Trailer: 'X-Sum' });
    res.write('body');
    res.addTrailers({ 'X-Sum': '7' });
    res.end();
  },
  '/interim'(req, res) {
    res.writeProcessing();
    res.writeEarlyHints({ link: '</a.css>; rel=preload' });
    res.end('after');
  },
  '/echo'(req, res) {
    res.setHeader('Content-Type', req.headers['content-type'] ?? 'none');
    req.pipe(res);
  },
  async '/collect'(req, res) {
    const pieces = [];
    for await (const piece of req) pieces.push(piece);
    const body = Buffer.concat(pieces);
    res.end(JSON.stringify([body.length, body.toString('latin1').slice(0, 20), facts(req)]));
  },
  '/text'(req, res) {
    let text = '';
    req.setEncoding('utf8');
    req.on('data', (piece) => (text += piece));
    req.on('end', () => res.end(`${typeof text} ${text.length} ${req.complete}`));
  },
  '/unread'(req, res) {
    res.end('not read');
  },
  '/early'(req, res) {
    // The answer is complete before the request is read, which goes on all the same.
    let length = 0;
    req.on('data', (piece) => (length += piece.length));
    req.on('end', () => before.push(`read ${length}`));
    res.end('early');
  },
  '/paused'(req, res) {
    let length = 0;
    req.on('data', (piece) => {
      length += piece.length;
      req.pause();
      setImmediate(() => req.resume());
    });
    req.on('end', () => res.end(String(length)));
  },
  '/readable'(req, res) {
    let length = 0;
    req.on('readable', () => {
      for (let piece = req.read(); piece !== null; piece = req.read()) length += piece.length;
    });
    req.on('end', () => res.end(String(length)));
  },
};

module.exports = (req, res) => {
  const page = PAGES[req.url.split('?')[0]] ?? PAGES[`/${req.url.split('/')[1]}`];
  if (page === undefined) {
    res.statusCode = 404;
    res.end('nowhere');
    return undefined;
  }
  return page(req, res);
};
