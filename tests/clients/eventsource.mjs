// Reads a stream with the package `eventsource`: node eventsource.mjs URL TYPE…
// Prints each event as a line of JSON, and each opening as {"open":true}, until one of the
// type "done".

import { EventSource } from "eventsource";

const [url, ...types] = process.argv.slice(2);
const source = new EventSource(url);
const print = line => process.stdout.write(`${JSON.stringify(line)}\n`);
source.onopen = () => print({ open: true });
for (const type of ["message", "done", ...types]) {
  source.addEventListener(type, ({ type, lastEventId, data }) => {
    print({ type, id: lastEventId, data });
    if (type === "done") source.close();
  });
}
