// How the communications module is built: small classes, one direction, a core without a browser.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const SDK = new URL("../../gameroom/web/sdk/", import.meta.url);
const CLASS_LINES_MAX = 300;
const BROWSER = /(?<![.\w])(document|fetch|new WebSocket|performance|sessionStorage|MessageChannel|(set|clear)Timeout|addEventListener)\b/;

const names = readdirSync(SDK).filter((name) => name.endsWith(".js"));
const source = new Map(names.map((name) => [name, readFileSync(new URL(name, SDK), "utf8")]));
const code = (name) => source.get(name).replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
const imports = (name) => [...code(name).matchAll(/from "\.\/([\w-]+\.js)"/g)].map(([, other]) => other);

/** The modules below one, nearest first; a module that is below itself fails. */
function below(name, above = []) {
  assert.ok(!above.includes(name), `a circle: ${[...above, name].join(" > ")}`);
  return [...new Set(imports(name).flatMap((other) => [other, ...below(other, [...above, name])]))];
}

test("no class is longer than a reader can hold", () => {
  for (const name of names) {
    for (const [text, , kind] of source.get(name).matchAll(/^(export )?class (\w+) [^]*?^}/gm)) {
      const lines = text.split("\n").length;
      assert.ok(lines <= CLASS_LINES_MAX, `${kind} in ${name} has ${lines} lines`);
    }
  }
});

test("imports go in one direction", () => {
  for (const name of names) below(name);
});

test("the session and its parts know no browser", () => {
  const core = ["session.js", ...below("session.js")];
  assert.ok(core.length > 10);
  for (const name of core) assert.doesNotMatch(code(name), BROWSER, name);
  assert.match(code("seat.js"), BROWSER);
});
