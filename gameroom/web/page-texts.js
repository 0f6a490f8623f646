/**
 * The texts of a page about its connection, its room and its people, and the actions that it
 * offers: one table of situations for every page that shows a room. The sentences of the story are
 * in story.js.
 *
 * Pure functions from facts to texts; no document, no socket, no clock. The rules: in every
 * situation there is one text for the connection, one for the room and one for each person; green
 * is only for things that work now; a page that is cut off from its room offers an action.
 *
 * The facts, as far as a page has them (see `FACTS`):
 *   status     of the Session: new, connecting, live, away, displaced, closed
 *   meaning    why the connection was lost or closed; waitS: seconds until the next try
 *   code       of the close (docs/wire.md), 0 for none; wasLive: it has been live before
 *   seat       our seat, null for a spectator; rtt: its round trip in milliseconds, 0 for unknown
 *   rows, low  the roster's seats; how many players the game needs
 *   states     paths of the active states; isRunning: `running` is among them
 *   started    turns were or are played: the page shows the game, not the setup
 *   closed     the last turn that the room closed; played: the last one that this engine ran
 *   silentS    seconds since a turn closed; mayResume: this person can end the pause
 *   ended      {because, left} if the room has ended
 *   failed     the text about an engine that failed here; diverged: about different checksums
 *   differs    the turn since which this engine differs from the agreed state
 */

import { called, leavers, listed, plural, words } from "./words.js";

/** Close codes with a longer explanation than the reason of the close. */
const LEFT = 4100;
const GONE = [4102, 4104];

const BEHIND_TURNS = 20;
const SILENT_S = 2;
export const FACTS = {
  status: "new", meaning: "", waitS: 0, wasLive: false, code: 0,
  seat: null, rtt: 0, rows: [], low: 1,
  states: [], isRunning: false, started: false, closed: 0, played: 0, silentS: 0, mayResume: false,
  ended: null, failed: null, diverged: null, differs: null,
};

/** The labels of the actions in situations, by name. */
export const ACTIONS = {
  take_back: "Take back the seat",
  somebody_else: "Join as somebody else",
  try_now: "Try again now",
  reload: "Reload the game",
  join_again: "Join again",
  look_again: "Reload the page",
  resume: "Resume",
  watch_again: "Watch the replay",
  save: "Save the replay",
};

// ---- people --------------------------------------------------------------------------------

const OF_ROWS = [
  [(row) => !row.connected, (row) => [row.lost ? "lost" : "away", "broken"]],
  [(row) => row.missing, () => ["silent", "slow"]],
  [(row) => row.failed, () => ["engine failed", "broken"]],
  [(row) => row.repairing, () => ["engine restarting", "slow"]],
  [(row) => row.diverged, () => ["out of sync", "broken"]],
  [(row) => row.slow, (row) => [`here, slow ${row.slow === "engine" ? "engine" : "connection"}`, "slow"]],
  [(row) => row.hidden, () => ["here, page hidden", "slow"]],
  [() => true, () => ["here", "healthy"]],
];

const rowSays = (row) => OF_ROWS.find(([holds]) => holds(row))[1](row);

/** The text on the card of a row: {text, tone, more}. tone: healthy, slow, broken, or "". */
export function person(row, facts) {
  const isYou = facts.seat !== null && row.seat === facts.seat;
  const more = [isYou ? "you" : "", ...row.roles.map(words), row.team ? `team ${words(row.team)}` : ""];
  if (!facts.started && !isOver(facts)) more.push(readiness(row));
  return { ...presence(row, facts, isYou), more: more.filter(Boolean).join(" · ") };
}

function presence(row, facts, isYou) {
  if (isOver(facts)) return { text: "the room has ended", tone: "" };
  if (facts.status !== "live") return isYou ? line(facts) : { text: `last seen: ${rowSays(row)[0]}`, tone: "" };
  // The roster might not show yet that the connection is back, but this page knows.
  const [text, tone] = rowSays(isYou ? { ...row, connected: true } : row);
  if (isYou && (facts.failed !== null || facts.differs !== null)) {
    return { text: facts.failed !== null ? "engine failed" : "out of sync", tone: "broken" };
  }
  return { text: isYou && text === "here" && facts.rtt > 0 ? `here, ${facts.rtt} ms` : text, tone };
}

function readiness(row) {
  if (row.refused) return "cannot play this setup";
  if (row.loaded) return "loaded";
  return row.ready ? "ready" : "not ready yet";
}

// ---- the connection ------------------------------------------------------------------------

/** Whether nothing more will arrive from the room. */
export const isOver = ({ status, ended }) => status === "closed" || ended !== null;

/** The text about this page's connection: {text, tone}. */
export function line(facts) {
  const { status, ended, seat, failed, differs } = facts;
  if (isOver(facts)) return { text: ended === null && facts.code === LEFT ? "left" : "over", tone: "" };
  if (status === "displaced") return { text: "open in another window", tone: "broken" };
  if (status === "away") return { text: "disconnected", tone: "broken" };
  if (status !== "live") return { text: facts.wasLive ? "reconnecting" : "connecting", tone: "slow" };
  const is = seat === null ? "watching" : "connected";
  if (failed !== null) return { text: `${is}, engine failed`, tone: "broken" };
  if (differs !== null) return { text: `${is}, out of sync since turn ${differs}`, tone: "broken" };
  const own = facts.rows.find((row) => seat !== null && row.seat === seat);
  if (own?.failed || own?.repairing || own?.diverged) {
    const [text, tone] = rowSays({ ...own, connected: true, missing: false });
    return { text: `${is}, ${text}`, tone };
  }
  return { text: is, tone: "healthy" };
}

// ---- the room ------------------------------------------------------------------------------

/** The state of the room as text. */
export function room(facts) {
  if (facts.ended !== null || (facts.status === "closed" && GONE.includes(facts.code))) return "ended";
  const leaf = facts.states.at(-1) ?? "";
  const at = words(leaf.split(".").slice(1).join(": ") || leaf);
  if (facts.status === "closed") return facts.code === LEFT ? "left" : "closed";
  if (at === "") return "unknown";
  return facts.status === "live" || !facts.wasLive ? at : `last seen: ${at}`;
}

/** The people or things that the setup waits for; "" if it waits for nothing. */
export function awaited(facts) {
  const { rows, states, low, seat } = facts;
  if (isOver(facts) || facts.status === "displaced") return "";
  if (facts.status !== "live") return facts.wasLive ? "" : "Connecting…";
  const names = (list) => listed(list.map((row) => called(row, seat)));
  if (states.some((path) => path.endsWith(".starting"))) {
    const loading = rows.filter(({ loaded }) => !loaded);
    return loading.length > 0 ? `Waiting for ${names(loading)} to load the game…` : "Starting the game…";
  }
  const short = low - rows.length;
  if (short > 0) return `${plural(short, "more player")} needed. Share the address of this page to invite people.`;
  const unready = rows.filter(({ ready }) => !ready);
  return unready.length > 0 ? `Waiting for ${names(unready)} to be ready.` : "";
}

/** Why the game on this page does not continue, and what to do: {text, more, tone, actions}.
 * actions: names in ACTIONS. null while the game continues. */
export function notice(facts) {
  const found = cutOff(facts) ?? broken(facts) ?? (facts.started ? waiting(facts) : null);
  return found === null ? null : { more: "", tone: "", actions: [], ...found };
}

function cutOff(facts) {
  const { status, ended, meaning, waitS } = facts;
  if (ended !== null) {
    const more = [ended.because, leavers(ended)].filter(Boolean).join(": ");
    return { text: "The room has ended.", more, actions: facts.started ? ["watch_again", "save"] : ["look_again"] };
  }
  if (status === "closed") {
    if (GONE.includes(facts.code)) return { text: "The room has ended.", actions: ["look_again"] };
    return { text: facts.code === LEFT ? "You left the room." : `Disconnected: ${meaning}.`, actions: ["join_again"] };
  }
  if (status === "displaced") {
    return { text: "This seat is now open in another window.", actions: ["take_back", "somebody_else"] };
  }
  if (status === "away") {
    return { text: `You are disconnected: ${meaning}.`, more: waitS > 0 ? `Trying again in ${waitS} s` : "Reconnecting…", actions: ["try_now"] };
  }
  if (status === "live") return null;
  if (facts.wasLive) return { text: "You are disconnected.", more: "Reconnecting…", actions: ["try_now"] };
  return facts.started ? { text: "Connecting…" } : null;
}

function broken({ failed, diverged, differs }) {
  if (failed !== null) return { text: failed, tone: "broken", actions: ["reload"] };
  if (diverged !== null) {
    return { text: diverged, tone: "broken", more: "The game has stopped because it is no longer the same for everyone." };
  }
  if (differs !== null) {
    const text = `This page has been out of sync with the players since turn ${differs}.`;
    return { text, tone: "broken", actions: ["reload"] };
  }
  return null;
}

function waiting(facts) {
  const { rows, seat, states, closed, played, silentS } = facts;
  const behind = closed - played;
  if (behind > BEHIND_TURNS) return { text: "Catching up…", more: `${behind} turns left` };
  if (behind > 0 && played === 0) return { text: "Loading the game…" };
  const missing = listed(rows.filter((row) => row.missing || !row.connected).map((row) => called(row, seat)));
  if (states.some((path) => path.startsWith("running.paused"))) {
    if (!states.some((path) => path.endsWith(".lagging"))) return { text: "Paused.", actions: facts.mayResume ? ["resume"] : [] };
    return { text: `Waiting for ${missing || "a silent player"} (${silentS} s so far)`, more: "The game continues when they respond again." };
  }
  if (facts.isRunning && closed > 0 && silentS >= SILENT_S) return { text: `Waiting for ${missing || "the others"} (${silentS} s so far)` };
  return null;
}
