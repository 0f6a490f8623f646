/**
 * Engines as the tests play them: loaded the way the worker loads them, from their text alone,
 * in a realm where chance, clocks and inexact mathematics throw.
 */

import { readFileSync } from "node:fs";
import vm from "node:vm";

import * as kit from "../../gameroom/web/kit.js";

export { kit };

const FORBIDDEN = `
  const trap = (name) => () => { throw new Error(name + " is not for engines"); };
  for (const name of ["random", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "exp", "expm1",
    "log", "log2", "log10", "log1p", "pow", "sqrt", "cbrt", "hypot", "sinh", "cosh", "tanh", "fround"]) {
    Math[name] = trap("Math." + name);
  }
  for (const name of ["Date", "performance", "setTimeout", "setInterval", "queueMicrotask", "fetch",
    "XMLHttpRequest", "WebSocket", "crypto", "Intl", "Float32Array", "Float64Array"]) {
    globalThis[name] = trap(name);
  }
`;

/** A maker of engines of this game; each call gives a fresh engine in a realm of its own. */
export function load(game) {
  const source = readFileSync(new URL(`../../rooms/${game}/engine.js`, import.meta.url), "utf8");
  const script = new vm.Script(source.replace(/^export default /m, "globalThis.made = "), {
    filename: `rooms/${game}/engine.js`,
  });
  return () => {
    const realm = vm.createContext({});
    vm.runInContext(FORBIDDEN, realm);
    script.runInContext(realm);
    return realm.made(kit);
  };
}

/** Seats 0 to n - 1, as an engine is told of them. */
export const seated = (n) =>
  Array.from({ length: n }, (_, seat) => ({ seat, name: `p${seat}`, team: null, roles: [] }));

/** What left the realm, as a value of this one: equal by `deepEqual` to what the test writes. */
export const plain = (value) => (value === undefined ? [] : JSON.parse(JSON.stringify(value)));
