// Reads requests, one JSON object a line, makes them with fetch, all at a time, and writes
// what came back, one JSON object a line.

import { createInterface } from 'node:readline';

async function make({ method, url, headers, timeout, body, pieces }) {
  let content = body === null ? undefined : Buffer.from(body, 'base64');
  if (pieces) {
    const queue = pieces.map((piece) => Buffer.from(piece, 'base64'));
    content = new ReadableStream({
      pull(controller) {
        const next = queue.shift();
        if (next) controller.enqueue(next);
        else controller.close();
      },
    });
  }
  const signal = timeout === null ? undefined : AbortSignal.timeout(timeout * 1000);
  const options = { method, headers, body: content, signal, redirect: 'manual', duplex: 'half' };
  const response = await fetch(url, options);
  const cookies = response.headers.getSetCookie().map((value) => ['set-cookie', value]);
  const others = [...response.headers].filter(([name]) => name !== 'set-cookie');
  const received = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: [...others, ...cookies],
    body: received.toString('base64'),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  make(order)
    .catch((error) =>
      error.name === 'TimeoutError'
        ? { timedOut: true }
        : { error: `${error} ${error.cause ?? ''}` },
    )
    .then((answer) => console.log(JSON.stringify({ id: order.id, ...answer })));
}
