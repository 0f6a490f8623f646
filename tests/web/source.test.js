// What is read out of an engine's source before it runs: nothing that is allowed is refused.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { misfitsOf, tokensOf } from "../../gameroom/web/source.js";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

test("powers that browsers may round are refused, with the place", () => {
  const refused = ["a ** 2", "2 ** n", "1.05 ** 4", "x **= 2", "(a) ** (b)", "2 ** -1", "2 ** 54", "10 ** 2 ** 5",
    "f()[0] ** 2", "`${a ** b}`", "`${`${a ** b}`}`", "if (x) /a/.test(y) ** 2", "x / 2 ** y / 2", "a++ / 2 ** y / 2",
    "(1) / 2 ** y / 2", "a[1] / 2 ** y / 2", "this / 2 ** y / 2", "a.return / 2 ** y / 2", "`a` / 2 ** y / 2",
    "x = y\n/ 2 ** z / 1", "n ** 2 ** 3", "2 ** 0.5", "1e3 ** .5"];
  for (const source of refused) assert.equal(misfitsOf(source).length, 1, source);
  assert.deepEqual(misfitsOf("let a = 1;\n\n  a **= 2;"), [
    "engine.js, line 3, column 5: browsers round `**` differently, except between whole-number literals"
    + " such as 2 ** 32: use kit.pow(a, b), or x * x",
  ]);
});

test("what is the same everywhere is let through, and so is what is no power at all", () => {
  const allowed = ["2 ** 32", "2 ** 53", "x * 2 ** 30 - 1", "2 ** 2 ** 3", "1e3 ** 2", "0x10 ** 4", "1_000 ** 2", "a ** 2n", "2n ** b",
    "x **= 3n", "/** a ** b */ f()", "// a ** b", "'a ** b'", '"a \\" ** b"', "`a ** b`", "`\\${a ** b}`", "`$ ** ${a} **`",
    "x = /[**]/", "return /a[/] ** b/", "f(/a ** b/g)", "if (x) / ** /.test(y)", "a\n  /* ** */ * b", "x = { a: / ** / }",
    "case / ** /:", "a => / ** /", "[/ ** /]", "`${/ ** /}`", "`${{ a: 1 }} ** b`", "() => {}\n/ ** /.test(x)", "#!/bin/node **"];
  for (const source of allowed) assert.deepEqual(misfitsOf(source), [], source);
});

test("an engine is one file, and does not ask where it came from", () => {
  const refused = ["import { a } from './a.js'", "import './a.js'", "x = await import(y)", "export * from './a.js'",
    "export { a, b } from './a.js'", "import kit from 'kit'", "import.meta.url"];
  for (const source of refused) assert.equal(misfitsOf(source).length, 1, source);
  assert.match(misfitsOf("import a from './a.js'")[0], /line 1, column 1: an engine is one file without imports/);
  const allowed = ["export { a, b };", "export { a }; const from = 'a';", "x.import(1)", "x?.import", "({ import: 1 })", "'import'", "export default (kit) => {}"];
  for (const source of allowed) assert.deepEqual(misfitsOf(source), [], source);
});

test("patterns that follow the version of Unicode are refused", () => {
  for (const source of ["/\\p{L}/u", "/a\\P{Lu}/v", "/[\\p{L}]/gu", "/é/i", "/\\u00e9/i", "/[à-ý]/iu"]) {
    assert.equal(misfitsOf(`x = ${source}`).length, 1, source);
  }
  for (const source of ["/\\p{L}/", "/\\\\p{2}/u", "/é/", "/[a-z]+/i", "/\\d+\\.\\w/iu", "/\\u00e9/"]) {
    assert.deepEqual(misfitsOf(`x = ${source}`), [], source);
  }
});

test("every source of ours is read to its end, token by token", () => {
  const folders = ["../../gameroom/web/", "./", "../rooms/"];
  const names = folders.flatMap((folder) => readdirSync(new URL(folder, import.meta.url)).map((name) => folder + name));
  const games = ["archers", "noughts"].flatMap((game) => [`../../rooms/${game}/engine.js`, `../../rooms/${game}/view.js`]);
  for (const name of [...names.filter((one) => /\.m?js$/.test(one)), ...games]) {
    const source = read(name);
    let at = 0;
    for (const token of tokensOf(source)) {
      assert.match(source.slice(at, token.at), /^(?:\s|\/\/.*|\/\*[^]*?\*\/|^#!.*)*$/, `${name}, before ${token.at}`);
      assert.ok(token.text.length > 0);
      at = token.at + token.text.length;
    }
    assert.match(source.slice(at), /^\s*$/, name);
  }
});

test("the shipped engines have nothing that is refused", () => {
  for (const game of ["archers", "noughts"]) assert.deepEqual(misfitsOf(read(`../../rooms/${game}/engine.js`)), [], game);
});
