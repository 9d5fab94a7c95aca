// Compiled, not run: what the declarations allow, and what they do not.

import { Readable } from 'node:stream';
import { createServer } from 'node:http';
import {
  BadBody,
  call,
  CallFailed,
  configureLog,
  events,
  Gap,
  Runner,
  serve,
  SlotwayError,
  Unit,
  version,
  Worker,
  type Activity,
  type Answer,
  type CallOptions,
  type CallReply,
  type Draft,
  type Handler,
  type Logger,
  type PushTarget,
  type Received,
  type RegistrationMetrics,
  type Reply,
  type Report,
  type Request,
  type RunnerOptions,
  type Running,
  type StreamClient,
  type SubscribeOptions,
  type Subscription,
} from 'slotway';

const worker = new Worker('usage', { slots: 64, drainDeadline: 5, connect: 'once' });
// @ts-expect-error an option that there is not
new Worker('usage', { slot: 64 });
// @ts-expect-error a name is text
new Worker(7);

worker
  .get('/text/{name}', (req) => `hello, ${req.params['name'] ?? 'stranger'}`)
  .get('/json', async (req) => ({
    query: req.query.getAll('q'),
    agent: req.headers.get('user-agent'),
  }))
  .get('/none', () => null)
  .get('/bytes', () => Buffer.from('bytes'))
  .get('/stream', () => Readable.from(['a', 'b']))
  .get('/pieces', function* () {
    yield 'a';
    yield Buffer.from('b');
  })
  .get('/later', async function* () {
    yield 'a';
  })
  .get('/web', () => new Response('web', { status: 201 }))
  .post('/echo', { host: 'api.example', idempotent: true }, async (req) => req.bytes())
  .put('/stream', (req) => req.stream())
  .patch('/pieces', async (req) => {
    let length = 0;
    for await (const piece of req) length += piece.length;
    return { length };
  })
  .delete('/later', (req, reply) => {
    setTimeout(
      () => void reply.status(202).header('x-a', ['a', 'b']).append('x-b', 7).send('late'),
      1,
    );
  })
  .also('second', { maxConcurrent: 2 })
  .any('/rest/{*rest}', async (req, reply) => {
    req.signal.throwIfAborted();
    await reply.type('text/csv').write('a,b\n');
    await reply.end();
    return reply;
  })
  .fetch('/api/{*rest}', async (request) => new Response(await request.text()))
  .fetch((request) => Response.json({ url: request.url }));

// @ts-expect-error a handler is a function
worker.get('/wrong', 'text');
// @ts-expect-error an option that routes do not have
worker.get('/wrong', { hosts: 'a' }, () => null);
// @ts-expect-error a fetch handler gives a Response
worker.fetch(() => 'text');
// @ts-expect-error a function is no answer
worker.get('/wrong', () => Symbol('wrong'));

const handler: Handler = (req: Request, reply: Reply): Answer => {
  const { method, url, path, route, queryString, httpVersion, peer, contentLength, timeLeft } = req;
  const port: number | undefined = peer?.port;
  // @ts-expect-error what was asked is not to be changed
  req.method = 'GET';
  // @ts-expect-error a status is a number
  reply.status('200');
  // @ts-expect-error a value is text or a number
  reply.header('x-a', {});
  return [method, url, path, route, queryString, httpVersion, port, contentLength, timeLeft];
};
worker.route('REPORT', '/report', handler);

worker.sse('/rooms/{room}', {
  connect(client: StreamClient, reply) {
    reply.header('x-room', client.params['room'] ?? '');
    return client.reconnect || client.connection !== '1';
  },
  disconnect: ({ connection }) => void connection,
});
worker.sse('/own/{id}', { host: 'api.example' }, (client) => client.params['id'] !== 'none');
// @ts-expect-error a stream has no such handler
worker.sse('/wrong', { arrive: () => true });

async function talk(running: Running): Promise<number> {
  const sent: boolean = running.publish('a.b', { any: 'thing' }, { type: 't', mustDeliver: true });
  if (!sent) await worker.ready();
  const drafts: Draft[] = [{ topic: 'a', payload: 'text', principal: null }, { topic: 'b' }];
  const count: number = worker.publishMany(drafts);
  await worker.publishAll(drafts);
  // @ts-expect-error an event has a topic
  worker.publishMany([{ payload: 'text' }]);
  // @ts-expect-error there is no such option
  worker.publish('a', 'b', { typ: 't' });
  const given: SubscribeOptions = { mode: 'routed', principal: 'ann', after: 7 };
  const subscription: Subscription = events.subscribe(['a.*', 'b'], given);
  await subscription.live();
  for await (const item of subscription) {
    if (item instanceof Gap) {
      const { missed, atLeast, principal } = item;
      return atLeast || principal === null ? missed : -missed;
    }
    const { topic, type, id, seq, time, principal, payload }: Received = item;
    // @ts-expect-error what was published is not to be changed
    item.topic = 'other';
    const texts: string[] = [topic, type, id, principal ?? '', item.text()];
    return texts.length + seq + time + payload.length;
  }
  worker.on('a.*', (event) => event.json(), { lost: (gap) => gap.missed, queue: 10 }).close();
  // @ts-expect-error a mode that there is not
  worker.subscribe('a', { mode: 'quick' });
  // @ts-expect-error gaps come from subscriptions
  new Gap();
  const to: PushTarget = { pattern: '/rooms/{room}', params: { room: 7 } };
  const status: number = await running.push(to, 'data', { type: 't', id: '1', close: true });
  const pushed: boolean = events.tryPush('/rooms/7', Buffer.from('data'));
  // @ts-expect-error a push goes to somebody
  await worker.push({}, 'data');
  const [refusal] = worker.refusals();
  return pushed ? status + count : (refusal?.count ?? 0);
}

worker
  .activity('media/images', 'resize', async (req, reply) => {
    const activity: Activity | undefined = req.activity;
    if (activity === undefined) return reply.status(404);
    const { id, attempt, queue, type, key } = activity;
    // @ts-expect-error who it is is not to be changed
    activity.id = '7';
    if (attempt > 1) return reply.busy();
    return [id, queue, type, key ?? 'none', await req.bytes()];
  })
  .capacity('media/images', 8);
// @ts-expect-error what does an activity is a function
worker.activity('media/images', 'crop', 'text');
// @ts-expect-error a capacity is a number
worker.capacity('media/images', 'many');

async function ask(running: Running, signal: AbortSignal): Promise<number> {
  const options: CallOptions = { timeout: 1.5, attempts: 3, backoff: 0.1, idempotent: true };
  try {
    const reply: CallReply = await worker.call('media/images', 'resize', { width: 7 }, options);
    const { status, ok, contentType, body, attempts, replayed, delayHint } = reply;
    // @ts-expect-error what was answered is not to be changed
    reply.status = 200;
    const sizes: number[] = [status, body.length, contentType?.length ?? 0, attempts];
    return ok && !replayed ? sizes.length + (delayHint ?? 0) : reply.text().length;
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    const later: number = error.retryAfter ?? 0;
    if (error.end === 'queue_full') return later;
    // @ts-expect-error an end that there is not
    if (error.end === 'gone') return 7;
    // @ts-expect-error they come out of calls
    new CallFailed();
  }
  await running.call('media/images', 'crop');
  // @ts-expect-error there is no such option
  await call('media/images', 'crop', 'text', { time: 7 });
  // @ts-expect-error a call is of a queue and an activity
  await call('media/images');
  const { length } = (await call('a/b', 'c', Buffer.from('d'), { key: 'k', signal })).body;
  return length;
}

async function many(): Promise<number> {
  const first = new Unit('media.resize', { instance: 'a1', maxConcurrent: 2 });
  first.get('/first', () => 'first').activity('media/images', 'resize', () => null);
  const options: RunnerOptions = { slots: 64, hotAdd: true, heartbeat: { interval: 5 } };
  const runner = new Runner([first], options);
  // @ts-expect-error that is said of a unit
  new Runner([first], { instance: 'a1' });
  // @ts-expect-error a runner runs units
  runner.add('media.resize');
  // @ts-expect-error an option that there is not
  new Unit('media.resize', { instances: 'a1' });
  const run: Promise<Report> = runner.run({ signals: false });
  await first.live();
  runner.add(new Unit('media.crop').get('/crop', () => 'crop'));
  const { received, ending }: RegistrationMetrics = await runner.withdraw(first);
  if (ending?.name === 'withdrawn' && first.state === 'gone')
    runner.publish('gone', first.identity);
  await runner.withdraw('media.crop');
  await runner.shutdown();
  const { registrations, drained } = await run;
  for (const { identity, reason, metrics } of registrations) {
    // @ts-expect-error what was counted is not to be changed
    metrics.failed = 0;
    // @ts-expect-error a reason that there is not
    if (reason.name === 'bored') return identity.length;
  }
  return received + runner.units.length + (drained ? 1 : 0);
}

async function life(): Promise<void> {
  const running: Running = await worker.start();
  running.unref().ref();
  await talk(running);
  await many();
  await ask(running, AbortSignal.timeout(7));
  if (running.connected) await running.shutdown();
  await running.closed;
  await worker.run();
  const sse = { '/stream/{id}': { connect: () => true } };
  await serve((req, res) => res.end(req.url), { name: 'listener', routes: ['/a'], sse });
  // @ts-expect-error a server is no listener
  await serve(createServer());
}

const logger: Logger = console;
configureLog({ level: 'info', logger });
// @ts-expect-error a level that there is not
configureLog({ level: 'loud' });

function told(error: unknown): string {
  if (error instanceof BadBody) return error.message;
  if (error instanceof SlotwayError) return `${error.kind} (${error.code})`;
  // @ts-expect-error codes are stable
  if (error instanceof SlotwayError) error.code = 7;
  return version;
}

void life().catch(told);
