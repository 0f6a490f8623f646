// The type files name what the modules export, and no more.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as gameroom from "../../gameroom/web/gameroom.js";
import * as kit from "../../gameroom/web/kit.js";

const typed = (name) => readFileSync(new URL(`../../gameroom/web/${name}.d.ts`, import.meta.url), "utf8");
const exported = (text) => [...text.matchAll(/^export (?:function|class|const) (\w+)/gm)].map(([, name]) => name).sort();

function membersTyped(text, name) {
  const body = text.match(new RegExp(`^export class ${name}[^{]*\\{\\n([\\s\\S]*?)^\\}`, "m"))[1];
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)(?:<[^(]*>)?[(?:]/gm)].map(([, member]) => member);
  return [...new Set(members)].filter((member) => member !== "constructor").sort();
}

function membersMade(kind) {
  return Object.getOwnPropertyNames(kind.prototype).filter((name) => name !== "constructor").sort();
}

test("every export has its type and every type its export", () => {
  assert.deepEqual(exported(typed("gameroom")), Object.keys(gameroom).sort());
  assert.deepEqual(exported(typed("kit")), Object.keys(kit).sort());
});

test("every member of a class has its type", () => {
  assert.deepEqual(membersTyped(typed("kit"), "Random"), membersMade(kit.Random));
});

test("the code has the types that gameroom.d.ts declares", () => {
  const compiler = fileURLToPath(new URL("./node_modules/.bin/tsc", import.meta.url));
  assert.ok(existsSync(compiler), "TypeScript is missing: `make tests/web/node_modules/.bin/tsc` installs it");
  const { status, stdout } = spawnSync(compiler, ["--project", fileURLToPath(new URL(".", import.meta.url))], { encoding: "utf8" });
  assert.equal(stdout, "");
  assert.equal(status, 0);
});

test("no type is any", () => {
  for (const name of ["gameroom", "kit"]) {
    const code = typed(name).replace(/\/\*[^]*?\*\//g, "");
    assert.doesNotMatch(code, /[:<|(,=] *any\b/, name);
  }
});

test("a comment stands above what it describes, and nothing else", () => {
  for (const name of ["gameroom", "kit"]) {
    const text = typed(name);
    assert.doesNotMatch(text, /\*\/\n *\/\*\*/, `${name}.d.ts: one comment right after another describes nothing`);
    // The comment that opens the file is about all of it.
    const [, ...comments] = text.split(/^\s*\/\*\*/m).slice(1);
    for (const comment of comments) {
      const next = comment.slice(comment.indexOf("*/") + 2).split("\n")[1] ?? "";
      assert.match(next, /\S/, `${name}.d.ts: nothing follows "${comment.slice(0, 60).trim()}"`);
    }
  }
});
