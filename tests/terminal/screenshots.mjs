// Writes docs/status.svg and docs/top.svg: a hub that keeps workers alive, under load, with
// one that hangs and one that crashes each time it starts.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { svg } from "./svg.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug");
const COLUMNS = 104;
const ROWS = 25;

const directory = await mkdtemp(path.join(tmpdir(), "slotway-pictures-"));
const at = name => path.join(directory, name);
const worker = (name, instances) => `
[[worker]]
name = "${name}"
command = ["${path.join(target, "slotway-rust-worker")}", "--hub", "${at("hub.sock")}", "--name", "${name}", "--prefix", "/${name}"]
instances = ${instances}
`;
const config = `
[[listen]]
address = "unix:${at("http.sock")}"
[control]
path = "${at("hub.sock")}"
[admin]
socket = "${at("admin.sock")}"
[workers]
slots = 96
${worker("catalog", 3)}${worker("checkout", 2)}${worker("search", 2)}
[[worker]]
name = "mailer"
command = ["sh", "-c", "exit 3"]
instances = 1
`;

/** Waits until `look` gives something true. */
async function eventually(what, look, limitMs = 90_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited too long: ${what}`);
    await new Promise(next => setTimeout(next, 100));
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 400 });
/** One request; gives its status, or 0 when nothing came in time. */
function get(where, patienceMs = 2000) {
  return new Promise(done => {
    const request = http.get({ socketPath: at("http.sock"), path: where, agent, headers: { host: "shop" } }, response => {
      response.resume();
      response.on("end", () => done(response.statusCode));
      response.on("error", () => done(0));
    });
    request.setTimeout(patienceMs, () => request.destroy());
    request.on("error", () => done(0));
  });
}

let busy = true;
const lanes = [];
/** Keeps asking, so many requests at a time, with a rest between them that rises and falls. */
function load(targets, depth, restMs) {
  for (let lane = 0; lane < depth; lane++) {
    lanes.push((async () => {
      for (let turn = lane; busy; turn++) {
        await get(targets[turn % targets.length], 30_000);
        const wave = 1.4 + Math.sin(Date.now() / 4000);
        await new Promise(next => setTimeout(next, restMs * wave));
      }
    })());
  }
}

// A server of its own: nobody's tmux is touched.
const tmux = (...args) => execFileSync("tmux", ["-S", at("tmux.sock"), "-f", "/dev/null", ...args], { encoding: "utf8" });
const slotway = command => `${path.join(target, "slotway")} ${command} --admin ${at("admin.sock")}`;
const shown = name => tmux("capture-pane", "-p", "-t", name);
function open(name, command) {
  tmux("new-session", "-d", "-s", name, "-x", String(COLUMNS), "-y", String(ROWS), `env -u NO_COLOR ${command}`);
}
async function picture(name, title) {
  const screen = tmux("capture-pane", "-p", "-e", "-N", "-t", name);
  const file = fileURLToPath(new URL(`../../docs/${name}.svg`, import.meta.url));
  const text = svg(screen, COLUMNS, title);
  await writeFile(file, text);
  console.log(`docs/${name}.svg: ${text.length} bytes`);
}

await writeFile(at("slotway.toml"), config);
const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("SLOTWAY_"));
const hub = spawn(path.join(target, "slotway"), ["serve", "-c", at("slotway.toml")], {
  env: Object.fromEntries(clean),
  stdio: process.env.SLOTWAY_TEST_SHOW ? "inherit" : "ignore",
});
let stopped;
try {
  for (const name of ["catalog", "checkout", "search"]) {
    await eventually(`${name} is served`, async () => (await get(`/${name}/hello/you`)) === 200);
  }
  load(["/catalog/hello/a", "/catalog/sleep/3", "/catalog/hello/b", "/catalog/sleep/9", "/catalog/pid"], 24, 5);
  load(["/checkout/sleep/20", "/checkout/hello/cart", "/checkout/sleep/40"], 6, 10);
  load(["/search/sleep/8", "/search/headers", "/search/target/a/b"], 8, 8);
  open("top", slotway("top"));
  const status = () => JSON.parse(execFileSync(path.join(target, "slotway"), ["status", "--json", "--admin", at("admin.sock")], { encoding: "utf8", maxBuffer: 1 << 26 }));
  await eventually("the crash loop", () => shown("top").includes("crash loop"));
  // The curves have a shape by then.
  const begun = Date.now();
  await eventually("half a minute of load", () => Date.now() - begun > 25_000);
  stopped = status().workers.find(worker => worker.names.includes("search")).pid;
  process.kill(stopped, "SIGSTOP");
  await eventually("the sick one", () => shown("top").includes("sick: stopped answering"));
  await picture("top", "slotway top");
  open("status", `sh -c '${slotway("status")}; exec sleep 600'`);
  await eventually("the status", () => shown("status").includes("crash loop"));
  await picture("status", "slotway status");
} finally {
  busy = false;
  if (stopped) process.kill(stopped, "SIGCONT");
  try { tmux("kill-server"); } catch { /* It has not come so far. */ }
  if (hub.exitCode === null) {
    hub.kill("SIGTERM");
    await once(hub, "exit");
  }
  agent.destroy();
  await Promise.all(lanes);
  await rm(directory, { recursive: true, force: true });
}
