// A hub with workers under load, for a browser to look at.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug");
export const TOKEN = "a-token-for-the-tests-of-the-dashboard";

/** Waits until `look` gives something true; nothing here waits for a time to be over. */
export async function eventually(what, look, limitMs = 40_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited too long: ${what}`);
    await new Promise(next => setTimeout(next, 50));
  }
}

/** Starts a program; gives its process and its lines on standard output. */
function start(program, args, env = {}) {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("SLOTWAY_"));
  const child = spawn(path.join(target, program), args, {
    env: { ...Object.fromEntries(clean), ...env },
    stdio: ["ignore", "pipe", process.env.SLOTWAY_TEST_SHOW ? "inherit" : "ignore"],
  });
  return { child, lines: readline.createInterface({ input: child.stdout }) };
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

export class Rig {
  workers = [];
  #loads = [];
  #busy = true;

  /** `config`: what else the hub is told, as TOML. */
  static async start(config = "") {
    const rig = new Rig();
    rig.directory = await mkdtemp(path.join(tmpdir(), "slotway-browser-"));
    rig.tokenFile = path.join(rig.directory, "token");
    await writeFile(rig.tokenFile, `${TOKEN}\n`);
    await chmod(rig.tokenFile, 0o600);
    rig.config = path.join(rig.directory, "slotway.toml");
    await writeFile(rig.config, config);
    await rig.startHub("127.0.0.1:0", "127.0.0.1:0");
    return rig;
  }

  async startHub(listen, admin) {
    const { child, lines } = start("slotway", [
      "hub",
      ...["--config", this.config, "--listen", listen],
      ...["--control", path.join(this.directory, "hub.sock")],
      ...["--admin", path.join(this.directory, "admin.sock")],
      ...["--admin-listen", admin, "--admin-token-file", this.tokenFile, "--slots", "96"],
    ]);
    this.hub = child;
    for await (const line of lines) {
      this.address ??= line.match(/listening on http:\/\/([^/]+)/)?.[1];
      const dashboard = line.match(/dashboard on (\S+)/)?.[1];
      if (dashboard) {
        this.dashboard = dashboard;
        return;
      }
    }
    throw new Error("the hub did not start");
  }

  /** Ends the hub as a crash would, and starts it anew at the same addresses. */
  async restartHub() {
    await end(this.hub);
    await this.startHub(this.address, new URL(this.dashboard).host);
  }

  async startWorker(name) {
    const flags = { hub: path.join(this.directory, "hub.sock"), name, prefix: `/${name}` };
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    const { child } = start("slotway-rust-worker", args);
    this.workers.push({ name, child });
    await eventually(`${name} is served`, async () => (await this.get(`/${name}/hello/you`)) === 200);
    return child;
  }

  /** One request; gives its status, or 0 when nothing came in time. */
  get(target, patienceMs = 2000) {
    return new Promise(done => {
      const request = http.get(`http://${this.address}${target}`, { agent: this.agent }, response => {
        response.resume();
        response.on("end", () => done(response.statusCode));
        response.on("error", () => done(0));
      });
      request.setTimeout(patienceMs, () => request.destroy());
      request.on("error", () => done(0));
    });
  }

  /** Publishes an event; gives its number. */
  emit(topic, type, payload) {
    const query = new URLSearchParams({ topic, type });
    return new Promise((done, failed) => {
      const socketPath = path.join(this.directory, "admin.sock");
      const target = { socketPath, method: "POST", path: `/internal/emit?${query}` };
      const request = http.request(target, async response => {
        let answer = "";
        for await (const piece of response.setEncoding("utf8")) answer += piece;
        const { seq, detail } = JSON.parse(answer);
        seq === undefined ? failed(new Error(detail)) : done(seq);
      });
      request.on("error", failed);
      request.end(payload);
    });
  }

  agent = new http.Agent({ keepAlive: true, maxSockets: 400 });

  /** Keeps asking for `targets`, `depth` requests at a time, with a rest between them. */
  load(targets, depth, restMs) {
    for (let lane = 0; lane < depth; lane++) {
      this.#loads.push((async () => {
        for (let turn = lane; this.#busy; turn++) {
          await this.get(targets[turn % targets.length]);
          await new Promise(next => setTimeout(next, restMs));
        }
      })());
    }
  }

  async stop() {
    this.#busy = false;
    for (const { child } of this.workers) {
      child.kill("SIGCONT");
      await end(child);
    }
    await end(this.hub);
    this.agent.destroy();
    await Promise.all(this.#loads);
    await rm(this.directory, { recursive: true, force: true });
  }
}
