// Chromium as the system has it. It looks nothing up and updates nothing.

import { chromium } from "playwright-core";

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

/** A page that keeps what goes wrong in it. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1320, height: 900 }, ...options });
  const page = await context.newPage();
  page.wrong = [];
  page.on("console", message => {
    if (["error", "warning"].includes(message.type())) page.wrong.push(message.text());
  });
  page.on("pageerror", error => page.wrong.push(String(error)));
  return page;
}

/** Opens the dashboard and gives it its token, as a person does. */
export async function signIn(page, rig, token) {
  await page.goto(rig.dashboard);
  await page.locator("#login[open]").waitFor();
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
}
