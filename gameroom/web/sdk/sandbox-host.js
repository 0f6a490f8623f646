/**
 * The frame in which engine and view run, out of reach of everything, as the page sees it.
 *
 * It knows no room. The rule it keeps: everything inside is handed over as text whose hash the room
 * has told, and from the view, which is uploaded code, come two things only: what it wants to send,
 * and its problems. What runs
 * inside the frame is in ../sandbox.js and ../worker.js.
 */


/** @import { Heard } from "./shapes.d.ts" */
/** @import { Link } from "../gameroom.js" */

const encoder = new TextEncoder();

/** The text at this address, asked for without cookies.
 * @param {string | URL} url
 * @returns {Promise<string>} */
export async function textOf(url) {
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.text();
}

/** The source behind a link {url, sha256}, refused unless its hash is the one that was told.
 * @param {Link} link
 * @param {string} base
 * @returns {Promise<string>} */
export async function verified(link, base) {
  const source = await textOf(new URL(link.url, base));
  // Without a secure context there is no digest; then there is no TLS either to make it count.
  if (globalThis.crypto?.subtle) {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(source)));
    const hash = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hash !== link.sha256) throw new Error(`${link.url} does not match the hash that the room gives`);
  }
  return source;
}

const here = (/** @type {string} */ name) => new URL(`../${name}`, import.meta.url).href;

/** How long after a view's messages the page lets it send more. */
const SENDS_PAUSE_MS = 50;

/** The frame with engine and view. `heard` is told {engine: reply}, {send}, {problem}. */
export class Sandbox {
  #frame = document.createElement("iframe");
  #engine = new MessageChannel();
  #view = new MessageChannel();
  /** @type {object[]} */
  #waiting = [];
  #ready = false;
  #taken = { sends: 0, problems: 0 };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saysTaken;

  /** kit: the source of what the engine works with; without one it is this server's. sync: whether
   * the engine's worker runs the sync test.
   * @param {Element | null} element
   * @param {{ engine: string, view: string | null, heard: (said: Heard) => void, kit?: string | null,
   *   sync?: boolean }} options */
  constructor(element, { engine, view, heard, kit = null, sync = false }) {
    this.#frame.title = "The game";
    this.#frame.setAttribute("sandbox", "allow-scripts");
    this.#frame.className = "gameroom-frame";
    if (element === null) this.#frame.hidden = true;
    const own = ["sandbox", "worker", "lockdown", "source", "twin", "evidence"].map((one) => textOf(here(`${one}.js`)));
    const sources = Promise.all([...own, kit ?? textOf(here("kit.js"))]);
    const begin = async (/** @type {MessageEvent} */ event) => {
      if (event.source !== this.#frame.contentWindow || event.data?.sandbox !== "ready") return;
      removeEventListener("message", begin);
      try {
        const [boot, worker, lockdown, source, twin, evidence, tools] = await sources;
        const parts = { lockdown, source, twin, evidence, kit: tools, engine };
        const ports = [this.#engine.port2, this.#view.port2];
        // The frame's origin is opaque: only "*" names it. Nothing in here is a secret.
        this.#frame.contentWindow?.postMessage({ boot, worker, parts, sync, view }, "*", ports);
      } catch (error) {
        broken(/** @type {Error} */ (error).message);
      }
    };
    const broken = (/** @type {string} */ message) => heard({ engine: { op: "broken", error: { name: "Error", message, stack: "" } } });
    let loads = 0;
    this.#frame.onload = () => {
      loads += 1;
      if (loads > 1) broken("its view navigated away from its frame");
    };
    addEventListener("message", begin);
    this.#engine.port1.onmessage = ({ data }) => {
      if (data.op === "ready") {
        this.#ready = true;
        for (const order of this.#waiting.splice(0)) this.#engine.port1.postMessage(order);
      } else heard({ engine: data });
    };
    // The view is uploaded code: it may ask for these two things and for nothing else.
    this.#view.port1.onmessage = ({ data }) => {
      if (data?.send) {
        this.#take("sends");
        heard({ send: { name: String(data.send.name), body: data.send.body ?? {} } });
      } else if (data?.problem) {
        this.#take("problems");
        heard({ problem: data.problem });
      }
    };
    this.#frame.src = here("sandbox.html");
    (element ?? document.body).append(this.#frame);
  }

  /** An order to the engine: an Order of the session, or one of the shell.
   * @param {object} order */
  order(order) {
    if (this.#ready) this.#engine.port1.postMessage(order);
    else this.#waiting.push(order);
  }

  /** Something for the view: what game it shows, what was refused, what was taken, or the end.
   * @param {object} what */
  tell(what) {
    this.#view.port1.postMessage(what);
  }

  /** Ends the engine's worker, whatever it is doing. */
  kill() {
    this.tell({ stop: true });
  }

  /** The view may go on, after a pause: whatever it does, this page has time for others.
   * @param {"sends" | "problems"} what */
  #take(what) {
    this.#taken[what] += 1;
    this.#saysTaken ??= setTimeout(() => {
      this.#saysTaken = undefined;
      this.tell({ taken: this.#taken });
    }, SENDS_PAUSE_MS);
  }

  close() {
    clearTimeout(this.#saysTaken);
    this.#engine.port1.close();
    this.#view.port1.close();
    this.#frame.remove();
  }
}
