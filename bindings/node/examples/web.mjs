// The form that the web has: a Request in, a Response out.
//
//     slotway hub
//     node web.mjs
//     curl localhost:8080/anything -d 'what it says'

import { Worker } from 'slotway';

const worker = new Worker('web');

worker.fetch(async (request) => {
  const { pathname } = new URL(request.url);
  if (request.method === 'POST') return new Response(await request.text());
  return Response.json({ path: pathname, agent: request.headers.get('user-agent') });
});

await worker.run();
