'use strict';
// `npx slotway app.js`: one process that serves, or several and one that keeps them running.

const { UsageError, read } = require('./arguments.js');
const child = require('./child.js');
const { Process } = require('./process.js');
const { Sources } = require('./sources.js');
const { Supervisor } = require('./supervisor.js');
const log = require('../log.js');

/** The exit code for a command line that makes no sense. */
const MISUSED = 2;
/** Milliseconds for what comes after a drain. */
const AFTERWARDS = 5000;

/** @param {string[]} given what follows the program's name */
async function main(given) {
  let asked;
  try {
    asked = read(given, process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`slotway: ${error.message}\nslotway --help tells more\n`);
    process.exitCode = MISUSED;
    return;
  }
  if (asked.say !== undefined) {
    process.stdout.write(`${asked.say}\n`);
    return;
  }
  log.configure({ level: asked.logLevel, logger: logger() });
  const supervised = child.supervised();
  if (!supervised && (asked.workers > 1 || asked.watch !== null)) {
    const supervisor = new Supervisor({
      program: process.argv[1],
      arguments: given,
      workers: asked.workers,
      patience: asked.patience * 1000 + AFTERWARDS,
      sources: asked.watch === null ? null : new Sources(asked.watch),
    });
    process.exit(await supervisor.run());
  }
  process.exit(await new Process(asked, supervised).run());
}

/** Lines with time and process, since several processes may write to one place. */
function logger() {
  const write = (level) => (text, error) => {
    const more = error === undefined ? '' : `\n${error?.stack ?? error}`;
    const line = `${new Date().toISOString()} [${process.pid}] ${level}: ${text}${more}\n`;
    process.stderr.write(line);
  };
  return Object.fromEntries(['debug', 'info', 'warn', 'error'].map((l) => [l, write(l)]));
}

module.exports = { main };
