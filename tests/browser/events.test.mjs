// Server-sent events, as a browser's own EventSource gets them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open } from "./chromium.mjs";
import { Rig, eventually } from "./rig.mjs";

const limit = { timeout: 180_000 };
let browser, rig;
before(async () => {
  const config = `
    [events]
    path = "/events"
    topics = ["test.*"]
    retry = "10ms"
    lifetime = "300ms"
  `;
  [browser, rig] = await Promise.all([launch(), Rig.start(config)]);
}, limit);
after(async () => {
  await browser?.close();
  await rig?.stop();
}, limit);

/** Listens in a page; `window.heard` has what came, each as [type, id, data]. */
const listen = (page, topic) =>
  page.evaluate(topic => {
    window.heard = [];
    window.openings = 0;
    const source = new EventSource(`/events?topic=${topic}`);
    source.onopen = () => window.openings++;
    for (const type of ["message", "note", "gap", "done"]) {
      source.addEventListener(type, ({ type, lastEventId, data }) => {
        window.heard.push([type, lastEventId, data]);
        if (type === "done") source.close();
      });
    }
  }, topic);

const openings = page => page.evaluate(() => window.openings);
const heard = page => page.evaluate(() => window.heard);

test("s02 a browser that the hub sends away comes back and gets what it missed, each once", limit, async () => {
  const page = await open(browser);
  await page.goto(`http://${rig.address}/health`);
  await listen(page, "test.*");
  await eventually("the stream is open", () => openings(page));
  const published = [];
  const emit = async (type, data) => published.push([type, String(await rig.emit("test.a", type, data)), data]);
  for (let number = 0; number < 200 || (await openings(page)) < 5; number++) {
    await emit(number % 7 === 0 ? "note" : "message", `${number}`);
  }
  await emit("done", "x");
  await eventually("the end has come", async () => (await heard(page)).at(-1)?.[0] === "done");
  assert.deepEqual(await heard(page), published);
  assert.ok((await openings(page)) >= 5);
  await page.context().close();
});

test("s01 no payload, type or id can split an event or forge one", limit, async () => {
  const page = await open(browser);
  await page.goto(`http://${rig.address}/health`);
  await listen(page, "test.b");
  await eventually("the stream is open", () => openings(page));
  const payloads = [
    "",
    "two\nlines",
    "\r\nof\rall\n\rkinds\n",
    "event: done\n\ndata: forged\n\nid: 5",
    " a space, a colon: and : more",
    ":\u00fc \u{1f600} \u2028 \ufeff",
    "x".repeat(200_000),
  ];
  for (const payload of payloads) await rig.emit("test.b", "note", payload);
  await assert.rejects(rig.emit("test.b", "no\nte", "x"), /type/);
  await rig.emit("test.b", "done", "x");
  await eventually("the end has come", async () => (await heard(page)).at(-1)?.[0] === "done");
  const data = (await heard(page)).map(([, , data]) => data);
  // What SSE makes of a payload: it knows one kind of end of a line.
  assert.deepEqual(data, [...payloads.map(payload => payload.replace(/\r\n?/g, "\n")), "x"]);
  await page.context().close();
});
