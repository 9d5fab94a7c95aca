// Writes docs/dashboard-light.png and docs/dashboard-dark.png: live, under load, with one
// worker stopped.

import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { launch, open, signIn } from "./chromium.mjs";
import { Rig, TOKEN, eventually } from "./rig.mjs";
import { set, stopOne } from "./scene.mjs";

const BYTES_MAX = 300_000;
const browser = await launch();
const rig = await Rig.start();
try {
  const page = await open(browser, { viewport: { width: 1240, height: 980 }, deviceScaleFactor: 1.25 });
  await signIn(page, rig, TOKEN);
  await set(rig);
  const answered = () => page.evaluate(() => history.length);
  await eventually("the curve has a shape", async () => (await answered()) >= 20, 60_000);
  await stopOne(rig, page);
  await eventually("old cells are there", () => page.evaluate(() => last.workers.some(worker => /[RCA]/.test(worker.cells))));
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const path = fileURLToPath(new URL(`../../docs/dashboard-${colorScheme}.png`, import.meta.url));
    await page.screenshot({ path });
    const { size } = await stat(path);
    if (size > BYTES_MAX) throw new Error(`${path} has ${size} bytes, more than ${BYTES_MAX}`);
    console.log(`docs/dashboard-${colorScheme}.png: ${size} bytes`);
  }
} finally {
  await browser.close();
  await rig.stop();
}
