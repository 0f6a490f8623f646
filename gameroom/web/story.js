/**
 * What the story of a room says: a sentence for everything that happens, as {text, tone}.
 *
 * Pure functions from what was told to words; no document, no room and no clock. tone: healthy,
 * slow, broken, or "". Names of people come as `called` gives them, so "you" is one of them.
 */

import { areOrIs, called, isolated, leavers, listed, plural, possessive, seatName, words } from "./words.js";

/** A turn this much longer or shorter than the one last told is told, after so many turns of it. */
const PACE_MS = 20;
const PACE_SHARE = 0.25;
const PACE_TURNS = 10;

const told = (text, tone = "") => ({ text, tone });

// ---- people --------------------------------------------------------------------------------

/** What happened to a person between two rosters: [{text, tone}]. before: undefined for a
 * newcomer; after: undefined for somebody who has left. */
export function news(before, after, own = null) {
  if (after === undefined) return [{ text: `${called(before, null)} has left`, tone: "" }];
  const name = called(after, own);
  const isYou = name === "you";
  const told = [];
  const tell = (text, tone = "") => told.push({ text, tone });
  if (before === undefined) tell(`${name} ${isYou ? "take" : "takes"} ${seatName(after.seat)}`);
  // Of their own line the page tells people from its own side of it.
  else if (!isYou && before.connected && !after.connected) tell(`${possessive(name)} connection was lost`, "slow");
  else if (!isYou && !before.connected && after.connected) tell(`${name} reconnected`, "healthy");
  if (!isYou && after.missing && !before?.missing) tell(`everyone is waiting for ${name}`, "slow");
  if (after.slow && after.slow !== before?.slow) {
    tell(slowness(after, own), "slow");
  }
  if (before?.slow && !after.slow && after.connected) tell(`${name} ${isYou ? "keep" : "keeps"} up again`, "healthy");
  if (before?.repairing && !after.repairing) tell(`${possessive(name)} engine is back in sync`, "healthy");
  for (const role of after.roles) {
    if (before !== undefined && !before.roles.includes(role)) tell(`${name} ${areOrIs(name)} now ${words(role)}`);
  }
  return told;
}

/** What of a slow player it is. */
function slowness(row, own) {
  const whose = possessive(called(row, own));
  return row.slow === "engine" ? `${whose} engine cannot keep up` : `${whose} connection is slow`;
}

export const chat = ({ name, text }) => told(`${isolated(name)} says: ${isolated(text)}`);

export const setting = (setter, name, value) => told(`${setter} set ${words(name)} to ${isolated([value].flat().join(", "))}`);

/** After all that was missed is played. isReturn: this person has been here before; again: it was
 * the line, not the page. null where there is nothing to tell. */
export function back({ again, turns, lost }, isReturn) {
  const tone = lost > 0 ? "broken" : "healthy";
  if (again || (isReturn && turns > 0)) return { text: `you are back: ${plural(turns, "turn")} caught up, ${plural(lost, "command")} lost`, tone };
  return turns > 0 ? { text: `you joined at turn ${turns}`, tone: "healthy" } : null;
}

// ---- the length of turns -------------------------------------------------------------------

/** Follows the length of the turns; says when it has changed for good, and for whom. */
export class PaceNews {
  #told = null;
  #held = 0;
  #last = null;

  /** One closed turn; rows: the roster then. isOld: told before, or while nobody looked. */
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

/** That turns last longer or shorter from now on, and why: {text, tone}. */
export function paceWords(before, now, rows, own = null) {
  if (now < before) return { text: `turns are shorter again: ${now} ms instead of ${before} ms`, tone: "healthy" };
  const why = rows.filter(({ slow }) => slow).map((row) => slowness(row, own));
  const because = listed(why) || "commands take longer to reach everyone";
  return { text: `turns are longer: ${now} ms instead of ${before} ms, because ${because}`, tone: "slow" };
}

// ---- the room ------------------------------------------------------------------------------

export const announcement = ({ text }) => told(text);

/** Where the room is now, for players: what the room file says of the transition, where it does. */
export function moved({ entered, because }) {
  if (because) return told(because);
  return entered.length > 0 ? told(`now ${place(entered)}`) : null;
}

/** The same with the cause, for those who look into the room. */
export function movedBecause({ event, entered, because }) {
  if (entered.length === 0) return null;
  const cause = event === "" ? "" : ` (${words(event)})`;
  return told(because ? `now ${place(entered)}${cause}: ${because}` : `now ${place(entered)}${cause}`);
}

const place = (entered) => words(entered.at(-1).split(".").slice(-2).join(": "));

export const ended = (end) => told(["the room has ended", end.because, leavers(end)].filter(Boolean).join(": "));

/** A command or a request that the room did not take. */
export const rejected = ({ name, detail, allowed }) => told(`${words(name)} was refused: ${detail}${instead(allowed)}`, "slow");

/** Something that a person asked for and that failed. */
export const problem = (message, allowed = []) => told(`${message}${instead(allowed)}`, "broken");

const instead = (allowed) => (allowed.length > 0 ? ` You can now: ${allowed.map(words).join(", ")}.` : "");

// ---- engines -------------------------------------------------------------------------------

export const engineLoaded = (name) => told(`${possessive(name)} engine has loaded`);

export const engineRefused = (name, reasons) => told(`${possessive(name)} engine refuses the setup: ${reasons.map(isolated).join("; ")}`, "broken");

/** nameOf: of a seat. */
export function diverged({ generation, seats, decidable, values }, nameOf) {
  const names = listed(seats.map(nameOf));
  if (!decidable) return told(`Checksums differ at turn ${generation} between ${names}. It cannot be decided who is right.`, "broken");
  const others = Object.keys(values).map(Number).filter((seat) => !seats.includes(seat));
  return told(`Checksums differ at turn ${generation}: ${names} versus ${listed(others.map(nameOf))}.`, "broken");
}

export const repair = (name) => told(`${possessive(name)} engine is restarting; the others continue`, "slow");

/** The engine of this page. */
export const engineFailed = ({ error, generation }) =>
  told(`The game's engine failed${generation ? ` at turn ${generation}` : ""}: ${error.message}`, "broken");

/** The engine of somebody else, or of this person before. */
export const failed = (name, { generation, text }) => told(`${possessive(name)} engine failed at turn ${generation}: ${isolated(text)}`, "broken");

export const differs = (generation) => told(`this page has been out of sync with the players since turn ${generation}: reload the game`, "broken");

export const report = ({ kind, generation, text }) => told(kind === "snapshot"
  ? `the engine's state of turn ${generation} cannot be saved, so nobody can continue from it: ${text}`
  : `the game's engine reported an error (${kind}, turn ${generation}): ${text}`, "broken");

export const viewProblem = ({ part, detail }) => told(`the game's view has an error (${part}): ${detail}`, "broken");

export const syncTest = ({ generation, part, why }) => told(`sync test, turn ${generation}: ${why} (${part})`, "broken");
