/**
 * What went wrong with this page's engine or view, as the room is told it.
 *
 * It knows no engine. The rule it keeps: an engine that cannot go on is reported until the room
 * has heard it; a fault with which the game goes on is reported once.
 */

/** @typedef {import("../gameroom.js").SeatEvents["report"]} Reported */
/** @import { EngineError, Failure, Tell } from "./shapes.d.ts" */

const REPORT_CHARACTERS_MAX = 200;
/** How many different faults one page reports with which its game goes on. */
const REPORTS_MAX = 8;

/** The text of a report: one that can be written down, and not too long.
 * @param {string} text */
function reported(text) {
  return [...text.replace(/\p{Surrogate}/gu, "\ufffd")].slice(0, REPORT_CHARACTERS_MAX).join("") || "no reason was given";
}

export class Failures {
  /** Why the engine cannot go on, as a sentence. */
  sentence = "";
  /** When the failure is reported once more, or null.
   * @type {number | null} */
  dueAt = null;
  /** What is reported of the engine that cannot go on.
   * @type {Failure | null} */
  #failure = null;
  #reported = new Set();
  #connection;
  #room;
  #tell;

  /** @param {import("./connection.js").Connection} connection
   * @param {import("./room.js").Room} room
   * @param {Tell} tell */
  constructor(connection, room, tell) {
    this.#connection = connection;
    this.#room = room;
    this.#tell = tell;
  }

  get #isHeard() {
    return this.#room.seat !== null && this.#connection.isLive;
  }

  /** The engine cannot go on since this generation: it is named here and to the room. during: what
   * it was asked.
   * @param {number} generation
   * @param {EngineError} error
   * @param {string} [during] */
  fail(generation, error, during) {
    const text = reported(error?.message || error?.name || "");
    this.sentence = reported(`The engine failed: ${text}`);
    this.#failure = { kind: "engine", generation, text };
    this.#tell("broken", { generation, error, during });
    this.send();
  }

  /** Another engine begins. */
  clear() {
    this.#failure = null;
  }

  /** Says to the room that the engine cannot go on, where that is so and the room can hear it. */
  send() {
    this.dueAt = null;
    if (this.#failure === null || !this.#isHeard || !this.#room.isRunning) return;
    this.#put(this.#failure).catch(({ retry_after_ms: wait }) => {
      if (wait !== undefined) this.dueAt = this.#connection.heardAt + wait;
    });
  }

  /** A fault with which the game goes on: told once, here and in the room's log. isTold: the page
   * knows it already.
   * @param {Reported} fault
   * @param {boolean} isTold */
  report({ kind, generation, text }, isTold = false) {
    const said = reported(text);
    const key = `${kind} ${said}`;
    if (this.#reported.has(key) || this.#reported.size >= REPORTS_MAX) return;
    this.#reported.add(key);
    if (!isTold) this.#tell("report", { kind, generation, text: said });
    if (this.#isHeard) this.#put({ kind, generation, text: said }).catch(() => {});
  }

  /** @param {Failure} failure
   * @returns {Promise<unknown>} */
  #put(failure) {
    return this.#connection.request("PUT", "/players/me/failure", failure);
  }
}
