/**
 * The page's side of the isolated frame in which engine and view run.
 *
 * It knows no room. The rule: all code is passed to the frame as text with a hash from the room.
 * From the view, which is uploaded code, only two kinds of messages are accepted: commands to send,
 * and problems. The code inside the frame is in ../sandbox.js and ../worker.js.
 */


/** @import { Heard } from "./shapes.d.ts" */
/** @import { Link } from "../gameroom.js" */

const encoder = new TextEncoder();

/** The text at this URL, requested without cookies.
 * @param {string | URL} url
 * @returns {Promise<string>} */
export async function textOf(url) {
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.text();
}

/** The source behind a link {url, sha256}. Throws if its hash differs from that of the link.
 * @param {Link} link
 * @param {string} base
 * @returns {Promise<string>} */
export async function verified(link, base) {
  const source = await textOf(new URL(link.url, base));
  // In an insecure context, `digest` does not exist, and without TLS the check would be useless.
  if (globalThis.crypto?.subtle) {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(source)));
    const hash = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hash !== link.sha256) throw new Error(`${link.url} does not match the hash that the room gives`);
  }
  return source;
}

const here = (/** @type {string} */ name) => new URL(`../${name}`, import.meta.url).href;

/** The pause before a view can send more messages. */
const SENDS_PAUSE_MS = 50;

/** The frame with engine and view. heard: receives {engine: reply}, {send}, or {problem}. */
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

  /** kit: the source of the engine's library; default: the kit of this server. sync: whether the
   * engine's worker runs the sync test.
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
        // The frame's origin is opaque, so only "*" matches it. The message contains no secret.
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
    // The view is uploaded code: only these two kinds of messages are accepted.
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

  /** Sends an order of the session or of the shell to the engine.
   * @param {object} order */
  order(order) {
    if (this.#ready) this.#engine.port1.postMessage(order);
    else this.#waiting.push(order);
  }

  /** Sends a message to the frame: the game to show, a refusal, a confirmation, or the end.
   * @param {object} what */
  tell(what) {
    this.#view.port1.postMessage(what);
  }

  /** Terminates the engine's worker. */
  kill() {
    this.tell({ stop: true });
  }

  /** Lets the view send more after a pause, so that it cannot use all time of this page.
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
