'use strict';
// Programs behind a hub, and on node's own server, as processes.

const { spawn } = require('node:child_process');
const path = require('node:path');

const { PATIENCE } = require('./hub.js');

const APPS = path.join(__dirname, '..', 'apps');

/** A process whose output is read line by line. */
class Process {
  constructor(program, given, { cwd, env = {} } = {}) {
    const clean = Object.entries(process.env).filter(
      ([name]) => !/^(SLOTWAY_|NODE_TEST_CONTEXT|WEB_CONCURRENCY)/.test(name),
    );
    this.lines = [];
    this.waits = new Set();
    this.process = spawn(program, given, {
      cwd,
      env: { ...Object.fromEntries(clean), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.read(this.process.stdout);
    this.read(this.process.stderr);
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code, signal) => {
        this.over = true;
        this.look();
        resolve(code ?? signal);
      });
    });
  }

  get pid() {
    return this.process.pid;
  }

  read(stream) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      this.lines.push(...lines);
      this.look();
    });
  }

  look() {
    for (const look of this.waits) look();
  }

  /** Waits until so many lines match; gives the last one's match. */
  waitLine(pattern, count = 1) {
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        clearTimeout(late);
        this.waits.delete(look);
        settle(value);
      };
      const fail = () => end(reject, new Error(this.said(`no ${count} lines like ${pattern}`)));
      const late = setTimeout(fail, PATIENCE);
      const look = () => {
        const found = this.lines.map((line) => pattern.exec(line)).filter(Boolean);
        if (found.length >= count) end(resolve, found[count - 1]);
        else if (this.over) fail();
      };
      this.waits.add(look);
      look();
    });
  }

  said(what) {
    return [`${what}; it said:`, ...this.lines].join('\n  ');
  }

  /** Waits for its end; gives its exit code, or the signal that ended it. */
  async wait() {
    const late = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE);
    const code = await this.ended;
    clearTimeout(late);
    return code;
  }

  /** Asks it to end, and waits. */
  terminate(signal = 'SIGTERM') {
    this.process.kill(signal);
    return this.wait();
  }

  /** For the end of a test: it does not outlive it, whatever has happened. */
  async remove() {
    if (!this.over) await this.terminate();
  }
}

/** `npx slotway`, with node's warnings switched on. */
function slotway(hub, app, given = [], { cwd = APPS, env = {} } = {}) {
  const program = require.resolve('slotway/bin/slotway.js');
  const flags = ['--trace-warnings', '--unhandled-rejections=strict'];
  const options = ['--hub', hub.control, '--timeout-graceful-shutdown', '10', ...given];
  return new Process(process.execPath, [...flags, program, ...options, app], { cwd, env });
}

/** A module of `apps` on node's own server; it says which port. */
function usual(app, env = {}) {
  const given = [path.join(__dirname, 'usual.js'), path.join(APPS, app)];
  return new Process(process.execPath, given, { cwd: APPS, env });
}

module.exports = { APPS, Process, slotway, usual };
