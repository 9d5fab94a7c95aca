'use strict';
// A Koa application that serves itself: what it gives to http.createServer elsewhere goes to
// slotway.serve here, and one program is one worker.
//
//     node koa_app.js

const Koa = require('koa');
const { serve } = require('slotway');

const app = new Koa();

app.use(async (ctx, next) => {
  const begun = performance.now();
  await next();
  ctx.set('server-timing', `app;dur=${(performance.now() - begun).toFixed(2)}`);
});

app.use((ctx) => {
  const [, , name] = ctx.path.split('/');
  ctx.body = `hello, ${decodeURIComponent(name ?? 'stranger')}`;
});

serve(app.callback(), { name: 'koa-app', routes: ['/hello/{name}'] }).then(
  () => console.log('ready'),
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
