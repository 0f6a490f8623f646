/**
 * Runs an engine without a browser, for `gameroom replay --verify`.
 *
 * The engine's world is worker.js itself, word for word, so that nothing here can mean
 * anything else than in a browser. This file only is its page: the first line of standard
 * input brings the sources, each line after it an order; each reply is a line of standard
 * output.
 *
 * The engine runs in a realm of its own: no object of node's gets in there, texts alone go
 * in and out. So what a worker has beyond the language is made inside, by `world`. Imports
 * are refused. See docs/replays.md for what that holds, and what not.
 */

import { createInterface } from "node:readline";
import vm, { createContext, runInContext, SourceTextModule } from "node:vm";

/** What worker.js finds where a browser has it; runs inside the engine's realm, as text. */
function world() {
  const said = [];
  const sources = [];
  let started = null;
  const port = { postMessage: (reply) => void said.push(lineOf(reply)), onmessage: null };
  const json = { stringify: JSON.stringify, parse: JSON.parse };
  const lineOf = (reply) => json.stringify(reply, (_, value) => (value instanceof Uint8Array ? undefined : value));
  const silent = () => {};

  Object.assign(globalThis, {
    self: globalThis,
    performance: { now: () => 0 },
    postMessage: silent,
    addEventListener: (_, hear) => {
      started = hear;
    },
    // A blob is its text, its URL the text's number.
    Blob: class {
      constructor([text]) {
        this.text = text;
      }
    },
    URL: { createObjectURL: ({ text }) => `${sources.push(text) - 1}` },
    TextEncoder: class TextEncoder {
      encode(text = "") {
        const whole = String(text).replace(/\p{Surrogate}/gu, "\ufffd");
        return Uint8Array.from(unescape(encodeURIComponent(whole)), (char) => char.charCodeAt(0));
      }
    },
    TextDecoder: class TextDecoder {
      decode(bytes = new Uint8Array()) {
        const parts = [];
        for (let at = 0; at < bytes.length; at += 4096) parts.push(String.fromCharCode(...bytes.subarray(at, at + 4096)));
        return decodeURIComponent(escape(parts.join("")));
      }
    },
    console: { log: silent, info: silent, warn: silent, error: silent, debug: silent, trace: silent, assert: silent },
  });
  return {
    source: (url) => sources[Number(url)],
    start: (parts) => started({ data: json.parse(parts), ports: [port] }),
    isReady: () => port.onmessage !== null,
    obey: (line) => port.onmessage({ data: json.parse(line) }),
    take: () => said.splice(0).join("\n"),
  };
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { worker, ...parts } = JSON.parse((await lines.next()).value);
// Where node can (20.18 and later), an ordinary global: the other kind asks node at every name, and
// makes engines some ten times slower.
const context = createContext(vm.constants?.DONT_CONTEXTIFY ?? Object.create(null), {
  codeGeneration: { strings: false, wasm: false },
});
const inside = runInContext(`(${world})()`, context);

const refused = () => {
  // A text: an error of ours would bring our realm along.
  throw "an engine is one file without imports";
};
async function moduleOf(source, identifier, load = refused) {
  const made = new SourceTextModule(source, {
    context, identifier, importModuleDynamically: load, initializeImportMeta: () => {},
  });
  await made.link(refused);
  await made.evaluate();
  return made;
}
function tell() {
  const said = inside.take();
  if (said !== "") process.stdout.write(`${said}\n`);
}

const nameOf = (source) => `${Object.keys(parts).find((name) => parts[name] === source)}.js`;
await moduleOf(worker, "worker.js", (url) => moduleOf(inside.source(url), nameOf(inside.source(url))));
await inside.start(JSON.stringify(parts));
tell();
if (inside.isReady()) {
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    inside.obey(line.value);
    tell();
  }
}
process.exit(0);
