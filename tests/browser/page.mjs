// A page with its assets, from a worker through a hub: each URL on the command line.

import assert from "node:assert/strict";

import { launch, open } from "./chromium.mjs";

const browser = await launch();
try {
  for (const url of process.argv.slice(2)) {
    // The certificate of the tests is nobody's.
    const page = await open(browser, { ignoreHTTPSErrors: true });
    await page.goto(url);
    await page.locator("#upload", { hasText: "came back" }).waitFor();
    // One that came from the browser's memory has no protocol.
    const shown = await page.evaluate(() => ({
      title: document.title,
      hello: document.querySelector("#hello").textContent,
      upload: document.querySelector("#upload").textContent,
      styled: getComputedStyle(document.body).color,
      picture: document.querySelector("img").naturalWidth > 0,
      protocols: [...new Set(
        performance.getEntriesByType("resource").map(each => each.nextHopProtocol).filter(Boolean),
      )],
    }));
    assert.deepEqual(shown, {
      title: "Slotway",
      hello: "hello, browser",
      upload: "came back whole",
      styled: "rgb(20, 40, 60)",
      picture: true,
      protocols: [url.startsWith("https:") ? "h2" : "http/1.1"],
    });
    // Again: what has a tag is asked for and not sent twice.
    const sent = [];
    page.on("response", response => sent.push([new URL(response.url()).pathname, response.status()]));
    await page.reload();
    await page.locator("#upload", { hasText: "came back" }).waitFor();
    assert.ok(sent.length >= 6, JSON.stringify(sent));
    assert.ok(sent.every(([, status]) => status === 200 || status === 304), JSON.stringify(sent));
    assert.deepEqual(page.wrong, []);
    await page.context().close();
  }
} finally {
  await browser.close();
}
