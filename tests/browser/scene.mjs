// What is on the pictures: a shop whose hub has a little to do, and one worker that hangs.

import { eventually } from "./rig.mjs";

export async function set(rig) {
  for (const name of ["catalog", "catalog", "catalog", "checkout", "checkout", "search", "search", "media"]) {
    await rig.startWorker(name);
  }
  rig.load(["/catalog/hello/a", "/catalog/sleep/3", "/catalog/hello/b", "/catalog/sleep/9", "/catalog/pid"], 24, 6);
  rig.load(["/checkout/sleep/20", "/checkout/hello/cart", "/checkout/sleep/40"], 6, 10);
  rig.load(["/search/sleep/8", "/search/headers", "/search/target/a/b"], 8, 8);
  rig.load(["/media/sized/200000", "/media/download/1000000"], 2, 60);
  // Everybody has answered a while, so it is known how long answers take.
  await eventually("there is something to see", async () => (await rig.get("/catalog/hello/a")) === 200);
}

/** Stops a worker and waits until the page says so. */
export async function stopOne(rig, page) {
  const { child } = rig.workers[1];
  child.kill("SIGSTOP");
  await page.locator("#workers .card[data-level=sick]").first().waitFor({ timeout: 60_000 });
  return child;
}
