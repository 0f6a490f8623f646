/**
 * The WebSockets of one seat, one after the other, as the session opens and closes them.
 *
 * It knows no room, only frames. The rules: only the last opened socket is used; frames keep their
 * order even with an artificial delay.
 */

import { Codec } from "./codec.js";

/** @import { Definition, Subprotocol } from "../gameroom.js" */
/** @import { Request, ServerFrame } from "./shapes.d.ts" */

const CLOSED_ABNORMALLY = 1006;
const DROPPED_TRY_MS = 100;

/** An artificially slow network for development. It never reorders frames. */
export class SlowLine {
  /** @type {{ at: number, act: () => void }[]} */
  #waiting = [];
  #armed = false;
  #now;
  #after;

  /** now: () => milliseconds. after: like setTimeout.
   * @param {() => number} now
   * @param {(act: () => void, ms: number) => unknown} after */
  constructor(now = () => performance.now(), after = (act, /** @type {number} */ ms) => setTimeout(act, ms)) {
    this.#now = now;
    this.#after = after;
  }

  /** @param {number} delayMs
   * @param {() => void} act */
  put(delayMs, act) {
    this.#waiting.push({ at: this.#now() + delayMs, act });
    this.#drain();
  }

  #drain() {
    while (this.#waiting.length > 0 && this.#waiting[0].at <= this.#now()) this.#waiting.shift()?.act();
    if (this.#waiting.length === 0 || this.#armed) return;
    this.#armed = true;
    this.#after(() => {
      this.#armed = false;
      this.#drain();
    }, Math.ceil(this.#waiting[0].at - this.#now()));
  }
}

export class Socket {
  /** The bytes and frames since the page was loaded. */
  bytes = { in: 0, out: 0, framesIn: 0, framesOut: 0 };
  /** The artificial delay of every frame, in each direction. */
  delayMs = 0;
  #address;
  #protocols;
  #definition;
  #hear;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Codec | null} */
  #codec = null;
  #slow = { in: new SlowLine(), out: new SlowLine() };
  #droppedUntil = 0;

  /** protocols: the subprotocols, the preferred one first.
   * @param {{ address: URL, protocols: readonly Subprotocol[], definition: Definition, hear: {
   *   opened: () => void, received: (frame: ServerFrame) => void, lost: (code: number, reason: string) => void,
   * } }} options */
  constructor({ address, protocols, definition, hear }) {
    this.#address = address;
    this.#protocols = protocols;
    this.#definition = definition;
    this.#hear = hear;
  }

  open() {
    if (performance.now() < this.#droppedUntil) {
      setTimeout(() => this.#hear.lost(CLOSED_ABNORMALLY, "still dropped on request"), DROPPED_TRY_MS);
      return;
    }
    const socket = new WebSocket(this.#address, [...this.#protocols]);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    /** @type {Codec} */
    let codec;
    const later = (/** @type {() => void} */ act) => this.#slow.in.put(this.delayMs, () => this.#socket === socket && act());
    socket.onopen = () => {
      this.#codec = codec = new Codec(/** @type {Subprotocol} */ (socket.protocol), this.#definition);
      later(() => this.#hear.opened());
    };
    socket.onmessage = ({ data }) => {
      this.bytes.in += data.byteLength ?? data.length;
      this.bytes.framesIn += 1;
      const frame = codec.decode(data);
      later(() => this.#hear.received(frame));
    };
    socket.onclose = ({ code, reason }) => later(() => {
      this.#socket = null;
      this.#hear.lost(code, reason);
    });
  }

  /** @param {Request} frame */
  send(frame) {
    const socket = this.#socket;
    if (this.#codec === null || socket?.readyState !== WebSocket.OPEN) return;
    const data = this.#codec.encode(frame);
    this.bytes.out += data.length;
    this.bytes.framesOut += 1;
    this.#slow.out.put(this.delayMs, () => socket.readyState === WebSocket.OPEN && socket.send(data));
  }

  /** Closes the socket. Its later events are ignored. */
  hangUp() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Drops the connection, as a bad network would, and opens none for this time.
   * @param {number} ms */
  drop(ms) {
    this.#droppedUntil = performance.now() + ms;
    this.hangUp();
    this.#hear.lost(CLOSED_ABNORMALLY, "dropped on request");
  }
}
