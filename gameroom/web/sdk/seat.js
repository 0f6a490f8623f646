/**
 * One place in a room, in this page: the shell of the session, with its socket, timer and sandbox.
 *
 * The rule: it decides nothing. It passes events with their time to the session, and executes the
 * requests of the session.
 */

import { PROTOCOLS } from "./codec.js";
import { perTurnMax } from "./definition.js";
import { bytesAt, putPacked, send, testify } from "./http.js";
import { RoomError } from "./problem.js";
import { Sandbox } from "./sandbox-host.js";
import { Session } from "./session.js";
import { Socket } from "./socket.js";

/** @import { Body, Meters, Picture, SeatEvents, Subprotocol } from "../gameroom.js" */
/** @import { Plain } from "../kit.js" */
/** @import { Aside, Heard, Memory, Ports, Reply, Snapshot } from "./shapes.d.ts" */

const CLOSED_ABNORMALLY = 1006;

/** The listeners of each event. An error in a listener is reported and does not affect others. */
class Listeners {
  /** @type {Map<string, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /** Calls `hear` with every event of that name; returns what stops it.
   * @template {keyof SeatEvents} Name
   * @param {Name} name
   * @param {(detail: SeatEvents[Name]) => void} hear
   * @returns {() => void} */
  on(name, hear) {
    const hearing = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, hearing.add(hear));
    return () => {
      hearing.delete(hear);
    };
  }

  /** @param {string} name
   * @param {unknown} detail */
  tell(name, detail) {
    for (const hear of this.#listeners.get(name) ?? []) {
      try {
        hear(detail);
      } catch (error) {
        reportError(error);
      }
    }
    if (name !== "any") this.tell("any", { name, detail });
  }
}

export class Seat {
  #listeners = new Listeners();
  #session;
  #sandbox;
  #socket;
  #address;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #closed = false;
  #stops = new AbortController();

  /** @param {{ origin: string, room: string, picture: Picture, profile: string, element: HTMLElement | null,
   *   engine: string, viewSource: string | null, kit: string | null, subprotocol: Subprotocol | undefined,
   *   dev: { sync_test?: boolean, step_ms?: number, demo?: boolean } }} options */
  constructor({ origin, room, picture, profile, element, engine, viewSource, kit, subprotocol, dev }) {
    this.id = room;
    this.definition = picture.definition;
    this.seed = picture.seed;
    this.#address = new URL(picture.socket ?? `/rooms/${room}/socket`, origin.replace(/^http/, "ws"));
    this.#address.protocol = origin.startsWith("https") ? "wss:" : "ws:";
    this.#address.searchParams.set("profile", profile);
    this.#socket = new Socket({
      address: this.#address, protocols: subprotocol ? [subprotocol] : PROTOCOLS, definition: picture.definition,
      hear: {
        opened: () => this.#act((now) => this.#session.opened(now)),
        received: (frame) => this.#act((now) => this.#session.received(frame, now)),
        lost: (code, reason) => this.#act((now) => this.#session.lost(code, now, reason)),
      },
    });
    const key = `gameroom:${room}:${profile}`;
    this.#session = new Session(this.#portsOf(key), {
      definition: picture.definition, seed: picture.seed, random: Math.random, memory: recalled(key),
      stepMax: dev.step_ms,
    });
    this.#sandbox = new Sandbox(element, {
      engine, view: viewSource, kit, heard: (said) => this.#fromSandbox(said), sync: dev.sync_test === true,
    });
    // Not over the socket: it can be too big for a frame, and a dropped player has no socket.
    const put = (/** @type {string} */ path, /** @type {any} */ body) => send("PUT", `${origin}/rooms/${encodeURIComponent(room)}${path}?profile=${profile}`, body);
    this.on("status", ({ status }) => status === "live" && this.#introduce(dev));
    this.on("evidence", async (said) => this.#tell("testified", await testify(said, put)));
    this.#watchThePage();
    this.dev = this.#tools();
    this.#act((now) => {
      this.#session.hide(document.hidden, now);
      this.#session.start(now);
    });
  }

  // -- state --

  get status() { return this.#session.status; }
  get seat() { return this.#session.seat; }
  get name() { return this.#session.name; }
  get user() { return this.#session.user; }
  get roster() { return this.#session.roster; }
  get setup() { return this.#session.setup; }
  get states() { return this.#session.states; }
  get variables() { return this.#session.variables; }
  get pace() { return this.#session.pace; }
  get generation() { return this.#session.generation; }
  get closed() { return this.#session.closed; }
  get isRunning() { return this.#session.isRunning; }
  get ended() { return this.#session.ended; }
  get returned() { return this.#session.returned; }
  get agreed() { return this.#session.agreed; }

  /** Whether this person can do it now. name: a command, a request or a built-in action.
   * @param {string} name */
  allows(name) { return this.#session.allows(name); }

  /** The engine's checksum after a generation, while it is remembered.
   * @param {number} generation
   * @returns {number | undefined} */
  checksum(generation) { return this.#session.checksum(generation); }

  /** Numbers for instruments: rates, counts of commands, bytes both ways.
   * @returns {Meters} */
  meters() {
    const { rtt, framerate, counters, commands, closed, generation } = this.#session;
    return { rtt, framerate, ...counters, commands, closed, generation, bytes: { ...this.#socket.bytes }, pace: this.pace };
  }

  /** Calls `hear` with every event of that name; returns what stops it.
   * @template {keyof SeatEvents} Name
   * @param {Name} name
   * @param {(detail: SeatEvents[Name]) => void} hear
   * @returns {() => void} */
  on(name, hear) { return this.#listeners.on(name, hear); }

  // -- actions --

  /** @param {string} name
   * @param {Body} body
   * @returns {boolean} */
  send(name, body = {}) {
    let taken = false;
    this.#act(() => (taken = this.#session.command(name, body)));
    return taken;
  }

  /** @param {string} name
   * @param {Body} body */
  request(name, body = {}) { return this.#ask("POST", `/requests/${name}`, body); }
  /** @param {Body} settings */
  configure(settings) { return this.#ask("PATCH", "/setup", settings); }
  ready(ready = true) { return this.#ask(ready ? "PUT" : "DELETE", "/players/me/ready"); }
  /** @param {string} text */
  chat(text) { return this.#ask("POST", "/chat", { text }); }
  leave() { return this.#ask("DELETE", "/players/me"); }
  takeBack() { this.#act((now) => this.#session.takeBack(now)); }
  /** While `away`: tries to connect now. */
  wake() { this.#act((now) => this.#session.wake(now)); }

  /** Disconnects this page. The seat remains, and joining again returns to it. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#stops.abort();
    this.#session.stop();
    this.#sandbox.close();
    clearTimeout(this.#timer);
  }

  /** @param {string} method
   * @param {string} path
   * @param {object | null} body
   * @returns {Promise<unknown>} */
  #ask(method, path, body = null) {
    const asked = this.#session.request(method, path, body).catch((why) => {
      throw why instanceof Error ? why : new RoomError(why);
    });
    this.#arm();
    return asked;
  }

  // -- the ports of the session --

  /** @param {string} key
   * @returns {Ports} */
  #portsOf(key) {
    return {
      connect: () => this.#socket.open(),
      hangUp: () => this.#socket.hangUp(),
      send: (frame) => this.#socket.send(frame),
      engine: (order) => this.#sandbox.order(order),
      tell: (name, detail) => this.#tell(name, detail),
      fetchState: (snapshot) => this.#fetchState(snapshot),
      sendState: (generation) => this.#sandbox.order({ op: "state", generation }),
      kill: () => this.#sandbox.kill(),
      keep: (memory) => keep(key, memory),
    };
  }

  /** @param {string} name
   * @param {any} detail */
  #tell(name, detail) {
    if (name === "rejected") this.#sandbox.tell({ refused: detail });
    this.#listeners.tell(name, detail);
  }

  /** Calls the session with the current time, and sets the timer for the next due time.
   * @param {(now: number) => void} act */
  #act(act) {
    if (this.#closed) return;
    act(performance.now());
    this.#arm();
  }

  #arm() {
    clearTimeout(this.#timer);
    const { due } = this.#session;
    if (due === null || this.#closed) return;
    this.#timer = setTimeout(() => this.#act((now) => this.#session.tick(now)), Math.max(0, due - performance.now()));
  }

  // -- the sandbox --

  /** @param {{ demo?: boolean }} dev */
  #introduce(dev) {
    const { definition, seat } = this;
    this.#sandbox.tell({ game: { seat, definition, demo: dev.demo === true }, sends: perTurnMax(definition) });
  }

  /** @param {Heard} said */
  #fromSandbox(said) {
    const { send: sent, problem } = said;
    if (sent) this.send(sent.name, sent.body);
    else if (problem) {
      this.#tell("viewProblem", problem);
      this.#act(() => this.#session.viewFailed(problem));
    } else if (said.engine) this.#replied(said.engine);
  }

  /** @param {Reply | Aside} reply */
  #replied(reply) {
    switch (reply.op) {
      case "broken":
        this.#act((now) => this.#session.engineBroken(reply, now));
        break;
      case "state":
        this.#sendState(reply);
        break;
      case "corrupted":
      case "snapshot":
      case "shown":
      case "evidence":
        // The session does not need this reply.
        this.#tell(reply.op, reply);
        break;
      default:
        this.#act((now) => this.#session.engineReplied(reply, now));
    }
  }

  // -- snapshots --

  /** @param {number} generation */
  #stateUrl(generation) {
    const { pathname, origin } = new URL(`./snapshots/${generation}`, this.#address);
    return `${origin.replace(/^ws/, "http")}${pathname}${this.#address.search}`;
  }

  /** Fetches the state of a snapshot. If that fails, the room must send all events.
   * @param {Snapshot} snapshot */
  async #fetchState(snapshot) {
    const bytes = await bytesAt(this.#stateUrl(snapshot.generation));
    this.#act((now) => this.#session.stateFetched(snapshot, bytes, now));
  }

  /** Sends the state to the room. If this fails, the room asks another player.
   * @param {{ generation: number, bytes: Uint8Array<ArrayBuffer> | null }} state */
  async #sendState({ generation, bytes }) {
    if (bytes === null) return;
    try {
      await putPacked(this.#stateUrl(generation), bytes);
    } catch (/** @type {any} */ error) {
      this.#tell("problem", { code: "not_sent", detail: error.message });
    }
  }

  // -- events of the page --

  #watchThePage() {
    const { signal } = this.#stops;
    const wake = () => this.wake();
    addEventListener("online", wake, { signal });
    addEventListener("pageshow", wake, { signal });
    document.addEventListener("visibilitychange", () => this.#act((now) => {
      this.#session.hide(document.hidden, now);
      if (!document.hidden) this.#sandbox.order({ op: "show" });
    }), { signal });
    // A page in the back/forward cache must not keep the seat's socket.
    addEventListener("pagehide", () => {
      this.#socket.hangUp();
      this.#act((now) => this.#session.lost(CLOSED_ABNORMALLY, now, "the page was left"));
    }, { signal });
  }

  // -- the development switch --

  #tools() {
    const once = (/** @type {string} */ op, /** @type {any} */ name, more = {}) => new Promise((resolve) => {
      const stop = this.on(name, (reply) => {
        stop();
        resolve(reply);
      });
      this.#sandbox.order({ op, ...more });
    });
    return {
      /** Drops the connection, as a bad network would, and reconnects after this time.
       * @returns {void} */
      drop: (ms = 2000) => this.#socket.drop(ms),
      /** Delays every frame by this time, in each direction.
       * @param {number} ms */
      delay: (ms) => {
        this.#socket.delayMs = Math.max(0, ms);
      },
      /** Changes one integer of this engine's state, at this path or any. Resolves to the path.
       * @param {string | null} path
       * @returns {Promise<{ path: string | null }>} */
      corrupt: (path = null) => once("corrupt", "corrupted", { path }),
      /** Makes the engine fail, as with a bug that occurs only on this machine. */
      breakEngine: (message = "broken on request") => this.#act((now) => {
        this.#sandbox.kill();
        this.#session.engineBroken({ error: { name: "Error", message, stack: "" } }, now);
      }),
      /** The engine's current snapshot and checksum.
       * @returns {Promise<{ snapshot: Plain, checksum: number }>} */
      snapshot: () => once("snapshot", "snapshot"),
    };
  }
}

/** @param {string} key
 * @returns {Memory | null} */
function recalled(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} key
 * @param {Memory} memory */
function keep(key, memory) {
  try {
    sessionStorage.setItem(key, JSON.stringify(memory));
  } catch {
    // Storage is full or forbidden: a reload can then lose commands that were not sent yet.
  }
}
