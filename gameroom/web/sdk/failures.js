/**
 * Reports failures of this page's engine or view to the room.
 *
 * It knows no engine. The rule: an engine that cannot continue is reported until the room has
 * received the report; an error after which the game continues is reported once.
 */

/** @typedef {import("../gameroom.js").SeatEvents["report"]} Reported */
/** @import { EngineError, Failure, Tell } from "./shapes.d.ts" */

const REPORT_CHARACTERS_MAX = 200;
/** The maximum number of different errors that one page reports while its game continues. */
const REPORTS_MAX = 8;

/** The text of a report: valid Unicode, and not too long.
 * @param {string} text */
function reported(text) {
  return [...text.replace(/\p{Surrogate}/gu, "\ufffd")].slice(0, REPORT_CHARACTERS_MAX).join("") || "no reason was given";
}

export class Failures {
  /** Why the engine cannot continue, as a sentence. */
  sentence = "";
  /** When to report the failure again, or null.
   * @type {number | null} */
  dueAt = null;
  /** The report about the engine that cannot continue.
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

  /** The engine cannot continue since this generation: reports it on this page and to the room.
   * during: the order that failed.
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

  /** A new engine starts. */
  clear() {
    this.#failure = null;
  }

  /** Reports a failed engine to the room, if there is one and the room is reachable. */
  send() {
    this.dueAt = null;
    if (this.#failure === null || !this.#isHeard || !this.#room.isRunning) return;
    this.#put(this.#failure).catch(({ retry_after_ms: wait }) => {
      if (wait !== undefined) this.dueAt = this.#connection.heardAt + wait;
    });
  }

  /** Reports an error after which the game continues: once, on this page and in the room's log.
   * isTold: the page already knows it.
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
