'use strict';
// A Koa application: every kind of body, cookies, errors.

const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { bodyParser } = require('@koa/bodyparser');
const serveFiles = require('koa-static');
const { default: Koa } = require('koa');

const app = new Koa();
app.keys = ['of a test'];
app.silent = true;

app.use(async (ctx, next) => {
  await next();
  ctx.set('x-after', 'yes');
});
app.use(bodyParser());

const PAGES = {
  '/': (ctx) => (ctx.body = 'hello'),
  '/html': (ctx) => (ctx.body = '<p>html</p>'),
  '/json': (ctx) => (ctx.body = { a: 1 }),
  '/bytes': (ctx) => (ctx.body = Buffer.from([1, 2, 255])),
  '/null': (ctx) => (ctx.body = null),
  '/stream': (ctx) => (ctx.body = Readable.from(['one ', 'two'])),
  '/file': (ctx) => {
    ctx.type = 'bin';
    ctx.body = fs.createReadStream(path.join(process.env.SITE_FILES, 'large.bin'));
  },
  '/no-file': (ctx) => {
    ctx.body = fs.createReadStream(path.join(process.env.SITE_FILES, 'none.bin'));
  },
  '/cookies': (ctx) => {
    ctx.cookies.set('signed', 'value', { signed: true });
    ctx.cookies.set('plain', 'value', { signed: false, overwrite: true });
    ctx.body = String(ctx.cookies.get('signed'));
  },
  '/facts': (ctx) => {
    const { ip, ips, host, protocol, secure, path: where, querystring, fresh, method, url } = ctx;
    ctx.body = { ip, ips, host, protocol, secure, where, querystring, fresh, method, url };
  },
  '/fresh': (ctx) => {
    ctx.status = 200;
    ctx.etag = 'fixed';
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = 'stale';
  },
  '/status': (ctx) => (ctx.status = 206),
  '/teapot': (ctx) => ctx.throw(418, 'short and stout'),
  '/wrong': () => {
    throw new Error('wrong');
  },
  '/away': (ctx) => ctx.redirect('/there'),
  '/body': (ctx) => (ctx.body = ctx.request.body ?? 'none'),
  '/own': (ctx) => {
    ctx.respond = false;
    ctx.res.end('own');
  },
};

app.use((ctx, next) => (PAGES[ctx.path] ? PAGES[ctx.path](ctx) : next()));
app.use(serveFiles(process.env.SITE_FILES));

module.exports = app;
