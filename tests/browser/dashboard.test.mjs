// The dashboard, as a person sees and uses it: numbers of the list of behaviours where a
// case has one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, signIn } from "./chromium.mjs";
import { Rig, TOKEN, eventually } from "./rig.mjs";
import { set, stopOne } from "./scene.mjs";

const limit = { timeout: 180_000 };
let browser, rig;
before(async () => {
  [browser, rig] = await Promise.all([launch(), Rig.start()]);
  await set(rig);
}, limit);
after(async () => {
  await browser?.close();
  await rig?.stop();
}, limit);

const cards = page => page.locator("#workers .card");
const level = page => page.locator("#verdict").getAttribute("data-level");
const is = (page, id) => page.evaluate(id => document.activeElement.id === id, id);

test("h17 the page asks for the token, keeps it out of every address, and says when it is wrong", limit, async () => {
  const page = await open(browser);
  const addresses = [];
  page.on("request", request => addresses.push(request.url()));
  await signIn(page, rig, "not-the-token");
  await page.locator("#wrong").waitFor();
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#login[open]").isVisible(), "there is no way around it");
  await page.keyboard.type(TOKEN);
  await page.keyboard.press("Enter");
  await cards(page).first().waitFor();
  assert.ok(addresses.length >= 2);
  assert.ok(addresses.every(address => !address.includes("token") && !address.includes(TOKEN)), addresses.join());
  // A page that is loaded again has it still; another tab has not.
  await page.reload();
  await cards(page).first().waitFor();
  const other = await page.context().newPage();
  await other.goto(rig.dashboard);
  await other.locator("#login[open]").waitFor();
  await page.context().close();
});

test("h17 a page of another origin learns nothing", limit, async () => {
  const page = await open(browser);
  // The public port is another origin of the same host.
  await page.goto(`http://${rig.address}/catalog/hello/page`);
  const tried = await page.evaluate(async ({ dashboard, token }) => {
    const outcome = async options => {
      try {
        const response = await fetch(new URL("internal/workers", dashboard), options);
        return `${response.type} ${response.status}`;
      } catch (error) {
        return error.name;
      }
    };
    return [
      await outcome({}),
      await outcome({ headers: { authorization: `Bearer ${token}` } }),
      await outcome({ method: "POST", body: "x" }),
      await outcome({ mode: "no-cors" }),
    ];
  }, { dashboard: rig.dashboard, token: TOKEN });
  // An opaque response has no status and no body.
  assert.ok(tried.slice(0, 3).every(outcome => outcome === "TypeError"), tried.join());
  assert.ok(["TypeError", "opaque 0"].includes(tried[3]), tried[3]);
  await page.context().close();
});

test("a worker that hangs is seen at once, in light and dark, without an error in the console", limit, async () => {
  const page = await open(browser, { colorScheme: "light" });
  await signIn(page, rig, TOKEN);
  await eventually("all workers are there", async () => (await cards(page).count()) === 8);
  await eventually("all is well", async () => (await level(page)) === "ok");
  await eventually("requests are counted", async () => {
    const rate = await page.locator("#figures dd").first().textContent();
    return Number(rate.replaceAll(",", "")) > 50;
  });
  const stopped = await stopOne(rig, page);
  try {
    const first = cards(page).first();
    assert.match(await first.locator(".who").textContent(), new RegExp(`pid ${stopped.pid}\\b`));
    // Which is seen first, the missed probe or the silence, is a matter of moments.
    await eventually("it says what hangs", async () =>
      /stopped answering \d+ s ago; \d+ requests? hangs?/.test(await first.locator(".say").textContent()));
    assert.equal(await cards(page).locator("css=:scope[data-level=sick]").count(), 1, "the others are well");
    assert.equal(await page.locator("#word").textContent(), "1 of 8 workers is sick");
    assert.match(await page.locator("#announce").textContent(), /catalog #\d+ stopped answering/);
    assert.match(await page.title(), /1 sick/);
    const inks = [];
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      inks.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    assert.notEqual(inks[0], inks[1]);
    await page.setViewportSize({ width: 380, height: 800 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} pixels stick out of a narrow screen`);
  } finally {
    stopped.kill("SIGCONT");
  }
  await eventually("it is well again", async () => (await cards(page).locator("css=:scope[data-level=sick]").count()) === 0);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test("everything can be reached with the keyboard", limit, async () => {
  const page = await open(browser);
  await signIn(page, rig, TOKEN);
  await eventually("all workers are there", async () => (await cards(page).count()) === 8);
  const press = keys => page.keyboard.press(keys);
  const card = () => page.evaluate(() => document.activeElement.dataset.worker);

  await page.evaluate(() => document.activeElement.blur());
  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await press("Enter");
  assert.ok(await is(page, "workers"), "the skip link leads to the workers");

  await press("?");
  assert.ok(await page.locator("#help[open]").isVisible());
  await press("Escape");
  assert.ok(!(await page.locator("#help").isVisible()));

  await press("w");
  await press("ArrowRight");
  const first = await card();
  await press("ArrowRight");
  const second = await card();
  assert.ok(first && second && first !== second, `${first} ${second}`);
  await press("Home");
  assert.equal(await card(), first);
  assert.equal(await page.locator("#workers .card[tabindex='0']").count(), 1, "Tab leaves the cards at once");

  await press("/");
  assert.ok(await is(page, "find"));
  await page.keyboard.type("checkout");
  await eventually("the others are hidden", async () => (await cards(page).count()) === 2);
  await press("Escape");
  await eventually("they are back", async () => (await cards(page).count()) === 8);

  await press("r");
  assert.ok(await is(page, "routes-title"));
  await page.locator("#routes th[data-key=requests] button").focus();
  await press("Enter");
  assert.equal(await page.locator("#routes th[data-key=requests]").getAttribute("aria-sort"), "descending");
  await press("Enter");
  assert.equal(await page.locator("#routes th[data-key=requests]").getAttribute("aria-sort"), "ascending");

  await press("p");
  assert.equal(await page.locator("#link-word").textContent(), "paused");
  await press("p");
  assert.equal(await page.locator("#link-word").textContent(), "live");
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test("hundreds of workers with thousands of slots are shown, the sick one first", limit, async () => {
  const page = await open(browser);
  const ms = { p50: 1, p90: 2, p99: 3 };
  const workers = Array.from({ length: 300 }, (_, index) => ({
    id: index + 1, pid: 1000 + index, sdk: "c/0.1", names: [`name-${index % 40}`],
    level: index === 199 ? "sick" : "ok", say: index === 199 ? "stopped answering 9 s ago" : "idle",
    slots: 4096, in_use: 96, cells: "50c20C20r6s4000f", waiting: 0, answers: 1, rps: 1000, eps: 0, ms,
  }));
  workers.sort((a, b) => (b.level === "sick") - (a.level === "sick"));
  const routes = Array.from({ length: 1000 }, (_, index) => ({
    name: `name-${index % 40}`, method: "GET", pattern: `/route/${index}/{id}`, requests: index, errors: 0, rps: index, eps: 0, ms,
  }));
  const hub = { version: "0", pid: 1, uptime_s: 1, connections: 1, in_flight: 1, waiting: 0, cpu: 1, rss: 1, rps: 1, eps: 0, ms };
  const snapshot = { at_ms: Date.now(), hub, workers, departed: [], names: [], routes };
  await page.route("**/internal/stream", route =>
    route.fulfill({ contentType: "text/event-stream", body: `event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n` }));
  await signIn(page, rig, TOKEN);
  await eventually("all workers are there", async () => (await cards(page).count()) === 300);
  assert.equal(await cards(page).first().getAttribute("data-worker"), "200");
  assert.equal(await page.locator("#word").textContent(), "1 of 300 workers is sick");
  const drawn = await eventually("the cells are drawn", () => cards(page).first().locator("canvas").evaluate(canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) colours.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
    return colours.size;
  }));
  assert.ok(drawn >= 4, `free, claimed, ready and old cells have colours of their own; there are ${drawn}`);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test("the page finds a hub that was restarted", limit, async () => {
  const page = await open(browser);
  await signIn(page, rig, TOKEN);
  await cards(page).first().waitFor();
  const before = await page.locator("#about").textContent();
  await rig.restartHub();
  await eventually("it shows the new hub", async () => {
    const about = await page.locator("#about").textContent();
    return about !== before && about.includes(`process ${rig.hub.pid} `) && (await page.locator("#link-word").textContent()) === "live";
  });
  await eventually("the workers are back", async () => (await cards(page).count()) === 8);
  await page.context().close();
});
