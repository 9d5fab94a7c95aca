'use strict';
// Builds the native part and puts it where lib/native.js finds it. Arguments go to cargo.

const { execFileSync } = require('node:child_process');
const { copyFileSync, mkdirSync, rmSync } = require('node:fs');
const { join, resolve } = require('node:path');

const here = join(__dirname, '..');
const args = process.argv.slice(2);
if (!args.includes('--dev')) args.push('--release');
const profile = args.includes('--release') ? 'release' : 'debug';
const target = resolve(process.env.CARGO_TARGET_DIR ?? join(here, 'target'));

execFileSync('cargo', ['build', ...args.filter((arg) => arg !== '--dev')], {
  cwd: here,
  env: { ...process.env, CARGO_TARGET_DIR: target },
  stdio: 'inherit',
});
const glibc = process.report.getReport().header.glibcVersionRuntime;
const musl = process.platform === 'linux' && glibc === undefined ? '-musl' : '';
const name = `${process.platform}-${process.arch}${musl}.node`;
mkdirSync(join(here, 'native'), { recursive: true });
// A new file: a process that has the old one loaded goes on with that.
rmSync(join(here, 'native', name), { force: true });
copyFileSync(join(target, profile, 'libslotway_node.so'), join(here, 'native', name));
console.log(`native/${name} (${profile})`);
