/**
 * The sentences in the story of a room, one for each kind of event, as {text, tone}.
 *
 * Pure functions from events to text; no document, no room and no clock. tone: healthy, slow,
 * broken, or "". Names of people come from `called`, so a name can be "you".
 */

import { areOrIs, called, isolated, leavers, listed, plural, possessive, seatName, words } from "./words.js";

/** A new turn length is reported if it differs from the last reported one by PACE_MS and PACE_SHARE
 * and has lasted for PACE_TURNS turns. */
const PACE_MS = 20;
const PACE_SHARE = 0.25;
const PACE_TURNS = 10;

const told = (text, tone = "") => ({ text, tone });

// ---- people --------------------------------------------------------------------------------

/** The changes of a person between two rosters: [{text, tone}]. before: undefined for a newcomer.
 * after: undefined for a person who has left. */
export function news(before, after, own = null) {
  if (after === undefined) return [{ text: `${called(before, null)} has left`, tone: "" }];
  const name = called(after, own);
  const isYou = name === "you";
  const told = [];
  const tell = (text, tone = "") => told.push({ text, tone });
  if (before === undefined) tell(`${name} ${isYou ? "take" : "takes"} ${seatName(after.seat)}`);
  // The page itself reports the person's own connection.
  else if (!isYou && before.connected && !after.connected) tell(`${possessive(name)} connection was lost`, "slow");
  else if (!isYou && !before.connected && after.connected) tell(`${name} reconnected`, "healthy");
  if (!isYou && after.missing && !before?.missing) tell(`everyone is waiting for ${name}`, "slow");
  if (after.slow && after.slow !== before?.slow) {
    tell(slowness(after, own), "slow");
  }
  if (before?.slow && !after.slow && after.connected) tell(`${name} ${areOrIs(name)} keeping up again`, "healthy");
  if (before?.repairing && !after.repairing) tell(`${possessive(name)} engine is back in sync`, "healthy");
  for (const role of after.roles) {
    if (before !== undefined && !before.roles.includes(role)) tell(`${name} ${areOrIs(name)} now ${words(role)}`);
  }
  return told;
}

/** Why a player is slow: the engine or the connection. */
function slowness(row, own) {
  const whose = possessive(called(row, own));
  return row.slow === "engine" ? `${whose} engine cannot keep up` : `${whose} connection is slow`;
}

export const chat = ({ name, text }) => told(`${isolated(name)} says: ${isolated(text)}`);

export const setting = (setter, name, value) => told(`${setter} set ${words(name)} to ${isolated([value].flat().join(", "))}`);

/** The sentence after all missed turns are played, or null. isReturn: this person has been here
 * before. again: after a loss of the connection, not after a reload. */
export function back({ again, turns, lost }, isReturn) {
  const tone = lost > 0 ? "broken" : "healthy";
  if (again || (isReturn && turns > 0)) return { text: `you are back: ${plural(turns, "turn")} caught up, ${plural(lost, "command")} lost`, tone };
  return turns > 0 ? { text: `you joined at turn ${turns}`, tone: "healthy" } : null;
}

// ---- the length of turns -------------------------------------------------------------------

/** Tracks the length of the turns, and reports lasting changes with their cause. */
export class PaceNews {
  #told = null;
  #held = 0;
  #last = null;

  /** Adds a closed turn. Returns a sentence or null. rows: the roster at this turn. isOld: the turn
   * was already reported, or was played while the page was hidden. */
  turn(turnMs, rows, own = null, isOld = false) {
    if (isOld || this.#told === null) {
      this.#told = turnMs;
      this.#held = 0;
      return null;
    }
    this.#held = turnMs === this.#last ? this.#held + 1 : 0;
    this.#last = turnMs;
    const changed = Math.abs(turnMs - this.#told);
    if (changed < Math.max(PACE_MS, this.#told * PACE_SHARE) || this.#held < PACE_TURNS) return null;
    const before = this.#told;
    this.#told = turnMs;
    return paceWords(before, turnMs, rows, own);
  }
}

/** The sentence about a new turn length and its cause: {text, tone}. */
export function paceWords(before, now, rows, own = null) {
  if (now < before) return { text: `turns are shorter again: ${now} ms instead of ${before} ms`, tone: "healthy" };
  const why = rows.filter(({ slow }) => slow).map((row) => slowness(row, own));
  const because = listed(why) || "commands take longer to reach everyone";
  return { text: `turns are longer: ${now} ms instead of ${before} ms, because ${because}`, tone: "slow" };
}

// ---- the room ------------------------------------------------------------------------------

export const announcement = ({ text }) => told(text);

/** The new state of the room, for players: the text of the transition in the room file, if any. */
export function moved({ entered, because }) {
  if (because) return told(because);
  return entered.length > 0 ? told(`now ${place(entered)}`) : null;
}

/** The new state with its cause, for the demo page and replays. */
export function movedBecause({ event, entered, because }) {
  if (entered.length === 0) return null;
  const cause = event === "" ? "" : ` (${words(event)})`;
  return told(because ? `now ${place(entered)}${cause}: ${because}` : `now ${place(entered)}${cause}`);
}

const place = (entered) => words(entered.at(-1).split(".").slice(-2).join(": "));

export const ended = (end) => told(["the room has ended", end.because, leavers(end)].filter(Boolean).join(": "));

/** A command or a request that the room refused. */
export const rejected = ({ name, detail, allowed }) => told(`${words(name)} was refused: ${detail}${instead(allowed)}`, "slow");

/** A failed action of the person. */
export const problem = (message, allowed = []) => told(`${message}${instead(allowed)}`, "broken");

const instead = (allowed) => (allowed.length > 0 ? ` You can now: ${allowed.map(words).join(", ")}.` : "");

// ---- engines -------------------------------------------------------------------------------

export const engineLoaded = (name) => told(`${possessive(name)} engine has loaded`);

export const engineRefused = (name, reasons) => told(`${possessive(name)} engine refuses the setup: ${reasons.map(isolated).join("; ")}`, "broken");

/** nameOf: returns the name for a seat. */
export function diverged({ generation, seats, decidable, values }, nameOf) {
  const names = listed(seats.map(nameOf));
  if (!decidable) return told(`Checksums differ at turn ${generation} between ${names}. It is not known which engine is right.`, "broken");
  const others = Object.keys(values).map(Number).filter((seat) => !seats.includes(seat));
  return told(`Checksums differ at turn ${generation}: ${names} versus ${listed(others.map(nameOf))}.`, "broken");
}

export const repair = (name) => told(`${possessive(name)} engine is restarting; the others continue`, "slow");

/** The engine of this page failed. */
export const engineFailed = ({ error, generation }) =>
  told(`The game's engine failed${generation ? ` at turn ${generation}` : ""}: ${error.message}`, "broken");

/** The engine of another player failed, or that of this person on an earlier page. */
export const failed = (name, { generation, text }) => told(`${possessive(name)} engine failed at turn ${generation}: ${isolated(text)}`, "broken");

export const differs = (generation) => told(`this page has been out of sync with the players since turn ${generation}: reload the game`, "broken");

export const report = ({ kind, generation, text }) => told(kind === "snapshot"
  ? `the engine's state at turn ${generation} cannot be saved, so nobody can continue from it: ${text}`
  : `the game's engine reported an error (${kind}, turn ${generation}): ${text}`, "broken");

export const viewProblem = ({ part, detail }) => told(`the game's view has an error (${part}): ${detail}`, "broken");

export const syncTest = ({ generation, part, why }) => told(`sync test, turn ${generation}: ${why} (${part})`, "broken");
