'use strict';
// An Express application: body parsers, static files, sessions, uploads, errors.

const path = require('node:path');
const express = require('express');
const session = require('express-session');
const multer = require('multer');
const compression = require('compression');
const onFinished = require('on-finished');

const app = express();
const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 2_000_000 } });
const files = process.env.SITE_FILES;
const seen = [];

app.set('env', 'production');
app.use((req, res, next) => {
  onFinished(res, (error) => {
    seen.push(`${req.method} ${req.originalUrl} ${res.statusCode} ${error?.code}`);
  });
  next();
});
app.use('/files', express.static(files, { index: 'index.html' }));
app.use('/squeezed', compression({ threshold: 0 }));
app.use(session({ secret: 'of a test', resave: false, saveUninitialized: false, name: 'sid' }));

app.get('/', (req, res) => res.send('hello'));
app.get('/seen', (req, res) => res.json(seen.splice(0)));
app.get('/facts/:rest', (req, res) => {
  res.json({
    params: req.params,
    query: req.query,
    host: req.hostname,
    ip: req.ip,
    protocol: req.protocol,
    secure: req.secure,
    xhr: req.xhr,
    accepts: req.accepts(['html', 'json']),
    is: req.is('json') ?? null,
    fresh: req.fresh,
    path: req.path,
    originalUrl: req.originalUrl,
    subdomains: req.subdomains,
  });
});
app.get('/text', (req, res) => res.type('text').send('text'));
app.get('/bytes', (req, res) => res.send(Buffer.from([1, 2, 255])));
app.get('/json', (req, res) => res.json({ a: [1, 2], umlaut: 'ü' }));
app.get('/jsonp', (req, res) => res.jsonp({ a: 1 }));
app.get('/made', (req, res) => res.status(201).set('X-Made', 'yes').location('/x').end());
app.get('/sent/:status', (req, res) => res.sendStatus(Number(req.params.status)));
app.get('/empty', (req, res) => res.status(204).end());
app.get('/away', (req, res) => res.redirect('/there?a=b c'));
app.get('/cookies', (req, res) => {
  res.cookie('a', '1', { httpOnly: true, path: '/x' });
  res.cookie('b', 'two words').clearCookie('c').send('cookies');
});
app.get('/format', (req, res) => {
  res.format({ html: () => res.send('<p>html</p>'), json: () => res.json({ kind: 'json' }) });
});
app.get('/vary', (req, res) => res.vary('Accept').append('X-A', '1').append('X-A', '2').send('v'));
app.get('/etag', (req, res) => res.set('ETag', '"fixed"').send('tagged'));
app.get('/count', (req, res) => {
  req.session.count = (req.session.count ?? 0) + 1;
  res.send(`count ${req.session.count}`);
});
app.get('/file', (req, res) => res.sendFile(path.join(files, 'large.bin')));
app.get('/download', (req, res) => res.download(path.join(files, 'small.txt'), 'näme.txt'));
app.get('/stream', (req, res) => {
  res.type('text');
  for (let i = 0; i < 5; i++) res.write(`line ${i}\n`);
  setTimeout(() => res.end('last\n'), 5);
});
app.get('/squeezed/text', (req, res) => res.type('text').send('squeeze me '.repeat(1000)));
app.get('/squeezed/stream', (req, res) => {
  res.type('text').write('first ');
  res.flush();
  res.end('second');
});
app.get('/wrong', () => {
  throw new Error('wrong');
});
app.get('/wrong-later', async () => {
  await null;
  throw Object.assign(new Error('not for all'), { status: 403, expose: true });
});
app.get('/wrong-midway', (req, res, next) => {
  res.type('text').send('sent');
  next(new Error('after the answer'));
});
app.post('/json', express.json({ limit: '1mb' }), (req, res) => res.json({ got: req.body }));
app.post('/form', express.urlencoded({ extended: true }), (req, res) => res.json(req.body));
app.post('/raw', express.raw({ type: '*/*', limit: '10mb' }), (req, res) => res.send(req.body));
app.post('/text', express.text(), (req, res) => res.send(`text ${req.body?.length}`));
app.post('/upload', upload.array('files', 4), (req, res) => {
  const shown = req.files.map(({ buffer, ...rest }) => [rest, buffer.length]);
  res.json({ body: req.body, files: shown });
});
app.post('/echo', (req, res) => req.pipe(res));
app.post('/unread', (req, res) => res.status(200).send('unread'));

const sub = express.Router();
sub.get('/deep/:a{/:b}', (req, res) => res.json([req.baseUrl, req.params]));
app.use('/sub', sub);
const mounted = express();
mounted.get('/inner', (req, res) => res.send(`${mounted.mountpath} ${req.app === mounted}`));
app.use('/mounted', mounted);

// Errors are told to the client alone.
app.use((error, req, res, next) => {
  if (res.headersSent) return next(error);
  return res.status(error.status ?? 500).send(`failed: ${error.message}`);
});

module.exports = app;
