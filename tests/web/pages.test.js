// What the pages load, as the browser finds it: modules by their imports, one after the other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const WEB = new URL("../../gameroom/web/", import.meta.url);
const read = (path) => readFileSync(new URL(`.${path.replace(/^\/web/, "")}`, WEB), "utf8");

/** The paths of a module and of all that it imports. */
function reached(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, name] of read(path).matchAll(/^(?:import|export) .*?from "([^"]+)";$/gms)) {
    reached(new URL(name, `http://server${path}`).pathname, found);
  }
  return found;
}

for (const page of ["join", "replay", "demo"]) {
  test(`${page}.html asks at once for every module that it needs, and for no other`, () => {
    const text = read(`/web/${page}.html`);
    const [, script] = text.match(/<script type="module" src="([^"]+)">/);
    const preloaded = [...text.matchAll(/<link rel="modulepreload" href="([^"]+)">/g)].map(([, href]) => href);
    const needed = [...reached(script)].filter((path) => path !== script).sort();
    assert.deepEqual(preloaded, needed);
  });
}
