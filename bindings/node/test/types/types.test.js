'use strict';
// The declarations: they compile, they allow what they should, and they explain themselves.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const ts = require('typescript');

const slotway = require('slotway');

const PACKAGE = path.dirname(require.resolve('slotway/package.json'));
const DECLARATIONS = path.join(PACKAGE, 'types', 'index.d.ts');

test('the usage compiles, strictly, in both kinds of modules', () => {
  const options = [
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
  ];
  options.push('--target', 'es2022', '--lib', 'es2023,esnext.disposable');
  options.push('--module', 'nodenext', '--types', 'node');
  const files = ['usage.ts', 'usage.cts'].map((name) => path.join(__dirname, name));
  const tsc = require.resolve('typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, ...options, ...files], { encoding: 'utf8' });
  } catch (error) {
    assert.fail(error.stdout);
  }
});

const NAMED = ['InterfaceDeclaration', 'ClassDeclaration', 'FunctionDeclaration'];
NAMED.push('TypeAliasDeclaration', 'VariableStatement');
const MEMBERS = ['MethodSignature', 'PropertySignature', 'MethodDeclaration'];
MEMBERS.push('PropertyDeclaration', 'Constructor');

/** Public names and members that are declared without a word. */
function silent(node, within, found) {
  const is = (kinds) => kinds.some((kind) => node.kind === ts.SyntaxKind[kind]);
  const name = `${within}.${node.name?.getText() ?? ts.SyntaxKind[node.kind]}`;
  const named = is(NAMED) || is(MEMBERS);
  if (named && ts.getJSDocCommentsAndTags(node).length === 0) found.push(name);
  // What a property's type is made of in its place is explained with the property.
  if (node.kind === ts.SyntaxKind.PropertySignature || node.kind === ts.SyntaxKind.Parameter) {
    return found;
  }
  ts.forEachChild(node, (child) => void silent(child, named ? name : within, found));
  return found;
}

test('each public name has a comment', () => {
  const text = fs.readFileSync(DECLARATIONS, 'utf8');
  const source = ts.createSourceFile(DECLARATIONS, text, ts.ScriptTarget.Latest, true);
  assert.deepEqual(silent(source, 'slotway', []), []);
});

test('what is declared is there, and nothing else', async () => {
  const text = fs.readFileSync(DECLARATIONS, 'utf8');
  const declared = [...text.matchAll(/^export (?:class|function|const) (\w+)/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(Object.keys(slotway).sort(), declared.sort());
  const imported = await import('slotway');
  assert.deepEqual(Object.keys(imported).sort(), declared.sort());
  for (const name of declared) assert.equal(imported[name], slotway[name], name);
});

test("a class's declared methods are there", () => {
  const text = fs.readFileSync(DECLARATIONS, 'utf8');
  for (const kind of [
    'class Worker',
    'interface Offering',
    'interface EventMethods',
    'interface CallMethods',
  ]) {
    const [, body] = new RegExp(`export ${kind} \\{(.*?)\\n\\}`, 's').exec(text);
    for (const [, name] of body.matchAll(/^ {2}(\w+)\(/gm)) {
      if (name !== 'constructor')
        assert.equal(typeof slotway.Worker.prototype[name], 'function', name);
    }
  }
});
