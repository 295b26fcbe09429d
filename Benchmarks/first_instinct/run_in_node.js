// Runs the steps of one snippet in Node and prints what each ended with, as JSON.
//
// Usage: node --expose-internals run_in_node.js < STEPS
//
// STEPS is an array of {code, typescript}. Node has no mode that takes all that models write, so
// that what it does not take is rewritten first, by the parser of Node's own REPL: imports become
// `await import()`, and what is declared at the top level becomes global. No value is made here.
'use strict';

const fs = require('node:fs');
const { stripTypeScriptTypes } = require('node:module');
const util = require('node:util');
const vm = require('node:vm');
const acorn = require('internal/deps/acorn/acorn/dist/acorn');

const AsyncFunction = (async () => {}).constructor;
const options = {
  ecmaVersion: 'latest', sourceType: 'module', allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true, allowImportExportEverywhere: true,
};

function parse(code) {
  try { return acorn.parse(code, options); } catch { return null; }
}

/// The code inside a Markdown fence, or all of it.
function unfenced(code) {
  const fence = /^```\w*\n([\s\S]*?)^```\s*$/m.exec(code);
  return fence ? fence[1] : code;
}

function withoutTypes(code) {
  const strip = (text) => stripTypeScriptTypes(text, { mode: 'transform' });
  try { return strip(code); } catch (error) {
    const stripped = strip(`async function wrapped() {\n${code}\n}`);
    return stripped.slice(stripped.indexOf('{') + 1, stripped.lastIndexOf('}'));
  }
}

function hasTypes(code) {
  try { return withoutTypes(code) !== null; } catch { return false; }
}

/// Braces at the end that are an object literal, as Node's REPL reads them, in parentheses.
function withObjectAtEnd(code, parse) {
  for (const { index } of code.matchAll(/^\{/gm)) {
    if (/;\s*$/.test(code)) break;
    const head = code.slice(0, index);
    const literal = `(${code.slice(index)}\n)`;
    if (parse(head) && parse(literal)) return `${head};${literal}`;
  }
  return code;
}

/// The top level as the body of an async function that returns the last expression.
function asBody(code, isAlone) {
  const functions = [];
  const parts = parse(code).body.map((node, index, all) =>
    (node.type === 'ImportDeclaration'
      ? imported(node, isAlone)
      : rewritten(node, code, index === all.length - 1, functions)));
  return `${functions.join('')}${parts.join('\n')}`;
}

function rewritten(node, code, isLast, functions) {
  const source = (part) => code.slice(part.start, part.end);
  switch (node.type) {
    case 'ExportNamedDeclaration':
      return node.declaration ? rewritten(node.declaration, code, isLast, functions) : '';
    case 'ExportDefaultDeclaration': return rewritten(node.declaration, code, isLast, functions);
    case 'VariableDeclaration':
      return node.declarations.map((one) => {
        const isBare = one.init === null;
        if (isBare && node.kind === 'var') return '';
        return `void (${source(one.id)} = ${isBare ? 'undefined' : `(${source(one.init)})`});`;
      }).join('');
    case 'FunctionDeclaration':
      functions.push(`${node.id.name} = ${source(node)};\n`);
      return '';
    case 'ClassDeclaration': return `${node.id.name} = ${source(node)};`;
    case 'ExpressionStatement': {
      const text = source(node.expression);
      return isLast && !node.directive ? `return (${text}\n);` : source(node);
    }
    default: return source(node);
  }
}

/// Global only where later steps need it: some globals of Node cannot be assigned to.
function imported(node, isAlone) {
  const names = [];
  const source = `await import('${node.source.value}')`;
  for (const one of node.specifiers) {
    if (one.type === 'ImportNamespaceSpecifier') {
      return isAlone ? `const ${one.local.name} = ${source};` : `${one.local.name} = ${source};`;
    }
    names.push(`${one.imported ? one.imported.name : 'default'}: ${one.local.name}`);
  }
  const pattern = `{ ${names.join(', ')} }`;
  return isAlone ? `const ${pattern} = ${source};` : `void (${pattern} = ${source});`;
}

async function evaluate({ code, typescript }, isAlone) {
  let text = unfenced(code);
  if (typescript) text = withoutTypes(withObjectAtEnd(text, hasTypes));
  text = withObjectAtEnd(text, parse);
  if (isAlone) {
    let script = null;
    try {
      script = new vm.Script(text, {
        filename: 'run_js',
        importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      });
    } catch { /* Is rewritten below. */ }
    if (script) return await script.runInThisContext();
  }
  if (!parse(text)) throw new SyntaxError('acorn cannot parse it');
  return await new AsyncFunction(asBody(text, isAlone))();
}

function described(value) {
  const result = { text: typeof value === 'string' ? value : util.inspect(value) };
  try {
    const json = JSON.stringify(value);
    if (json !== undefined && util.isDeepStrictEqual(JSON.parse(json), value)) {
      result.value = JSON.parse(json);
    }
  } catch { /* Has no JSON form. */ }
  return result;
}

const answers = [];
const print = fs.writeSync.bind(fs, 1);
let current = { console: '' };
const write = (chunk) => { current.console += chunk; return true; };
process.stdout.write = write;
process.stderr.write = write;
process.on('exit', () => print(JSON.stringify(answers)));
process.on('uncaughtException', (error) => { current.error = String(error); process.exit(); });

async function main() {
  const steps = JSON.parse(fs.readFileSync(0, 'utf8'));
  globalThis.require = require('node:module').createRequire(`${process.cwd()}/run_js`);
  require.main = globalThis.module = { exports: {} };
  globalThis.require.main = globalThis.module;
  for (const step of steps) {
    current = { console: '' };
    answers.push(current);
    try {
      const value = await evaluate(step, steps.length === 1);
      Object.assign(current, described(value));
      globalThis._ = value;
    } catch (error) {
      current.error = String(error);
      globalThis._error = error;
    }
    if (steps.length > 1) await new Promise((done) => setTimeout(done, 60));
  }
}
main();
