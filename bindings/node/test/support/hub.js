'use strict';
// A hub of a test's own.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** What is limited by it is the failure; nothing is expected to take so long. */
const PATIENCE = 30_000;

/** Waits until a condition holds, and gives what it gave. */
async function eventually(condition, what) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} has not come about in ${PATIENCE / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A hub on a port that is free, with its socket in a directory of its own. */
class Hub {
  constructor(...given) {
    this.given = given;
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'slotway-node-'));
    this.control = path.join(this.directory, 'hub.sock');
    this.port = 0;
    /** What its environment has besides this one's. */
    this.env = {};
    this.process = null;
  }

  /** Starts it, at the port that it had before if there was one. */
  async start() {
    const program = process.env.SLOTWAY_PROGRAM;
    if (!program) throw new Error('SLOTWAY_PROGRAM names the hub to test with; tests/run.sh does');
    const ready = path.join(this.directory, 'ready');
    fs.rmSync(ready, { force: true });
    const log = fs.openSync(path.join(this.directory, 'hub.log'), 'a');
    const options = [
      'hub',
      `--listen=127.0.0.1:${this.port}`,
      `--control=${this.control}`,
      ...(this.given.some((one) => one.startsWith('--admin=')) ? [] : ['--admin=none']),
      `--ready-file=${ready}`,
      ...this.given,
    ];
    // Who asks for room for many events shall have it, however large they are.
    const room = { SLOTWAY_EVENTS_SUBSCRIPTION_BYTES: '64M' };
    const env = { ...process.env, ...room, ...this.env };
    this.process = spawn(program, options, { stdio: ['ignore', log, log], env });
    fs.closeSync(log);
    this.ended = new Promise((resolve) => this.process.once('exit', resolve));
    const found = await eventually(() => {
      if (this.process.exitCode !== null) throw new Error(`the hub ended: ${this.log()}`);
      return fs.existsSync(ready) && /127\.0\.0\.1:(\d+)/.exec(fs.readFileSync(ready, 'utf8'));
    }, "the hub's start");
    this.port = Number(found[1]);
    return this;
  }

  /** What it has said. */
  log() {
    return fs.readFileSync(path.join(this.directory, 'hub.log'), 'utf8');
  }

  /** Ends it, without a chance to say anything if so asked. */
  async end(signal = 'SIGTERM') {
    this.process.kill(signal);
    const late = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE);
    await this.ended;
    clearTimeout(late);
  }

  /** Ends it, and takes away what it leaves. */
  async remove() {
    await this.end();
    fs.rmSync(this.directory, { recursive: true });
  }
}

module.exports = { Hub, PATIENCE, eventually };
