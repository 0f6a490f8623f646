/**
 * The page of any room: coming in, and coming back. What follows is room-page.js's.
 *
 * It knows the room file's definition and no game. What others said is only ever set as
 * text. The address may say more: name=ann comes in under that name, auto=1 without asking
 * (and lets the view play by itself), profile=b is a second seat of this browser, spectate=1
 * only watches, compact=1 leaves the game alone on the page, dev=1 hands out the instruments:
 * `window.gameroom.seat` is a promise of the Seat.
 */

import { RoomError, join, look, whoAmI } from "/web/gameroom.js";
import { by, element, leaving, once, phase, reload, say, show } from "/web/page.js";
import { ACTIONS } from "/web/page-texts.js";
import { RoomPage } from "/web/room-page.js";
import { StoryList } from "/web/story-list.js";
import { isolated, plural, words } from "/web/words.js";

const ROOMS_REMEMBERED_MAX = 50;
const wish = new URLSearchParams(location.search);
const where = { url: location.href };
const profile = wish.get("profile") ?? "0";

function notice(text, doings = []) {
  say(by("notice"), text);
  by("notice-doings").replaceChildren(...doings.map(([label, act, className = ""]) =>
    element("button", { type: "button", text: label, onclick: once(act), className })));
  by("welcome").classList.toggle("loud", text !== "");
}

/** The same page with another profile: another seat of this browser. */
async function becomeSomebodyElse() {
  const address = new URL(location.href);
  address.searchParams.delete("name");
  address.searchParams.set("profile", await freeProfile());
  await leaving(() => location.assign(address));
}

/** The first profile that has no place in this room yet. */
async function freeProfile() {
  for (const one of "abcdefghijklmnopqrstuvwxyz") {
    if (one !== profile && (await whoAmI({ ...where, profile: one })) === null) return one;
  }
  throw new Error("All profiles of this browser have joined this room already.");
}

// ---- coming in -----------------------------------------------------------------------------

async function begin() {
  document.body.classList.toggle("compact", wish.get("compact") === "1");
  try {
    const picture = await lookUntilHere();
    document.title = `${picture.name} · gameroom`;
    say(by("name"), picture.name);
    say(by("doc"), picture.doc);
    const asks = { name: wish.get("name") ?? undefined, spectate: wish.get("spectate") === "1" };
    if (wish.get("auto") === "1") return await enter(asks, beenTo(picture.id));
    const me = beenTo(picture.id) ? await whoAmI({ ...where, profile }) : null;
    if (me === null) return await ask(picture, asks);
    if (isElsewhere(picture, me)) await askWhether(me);
    return await enter({}, true);
  } catch (error) {
    phase("over");
    notice(reason(error), [["Try again", reload, "primary"]]);
    throw error;
  }
}

/** What the room is. One that is not here yet (503) is asked for again when it says. */
async function lookUntilHere() {
  for (;;) {
    try {
      return await look(where);
    } catch (error) {
      const { status, retry_after_ms: wait } = error.problem ?? {};
      if (status !== 503 || wait === undefined || wait === null) throw error;
      phase("over");
      notice(`${error.message} This page continues automatically.`, [["Try again now", reload]]);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function reason(error) {
  if (!(error instanceof RoomError)) return `The server cannot be reached: ${error.message}. Check that it is running.`;
  if (error.problem.status === 404) return "There is no such room. It may have ended. Ask for a new link.";
  return error.message;
}

/** Whether another page has this place now. One that was just loaded again had it itself. */
function isElsewhere({ roster }, { user }) {
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  if (type === "reload" || type === "back_forward") return false;
  return roster.seats.some((row) => row.user === user && row.connected);
}

/** This browser plays here in another tab: resolves when it is to go on in this one. */
function askWhether({ name }) {
  phase("entry");
  const somebodyElse = () => becomeSomebodyElse().catch((error) => notice(reason(error)));
  return new Promise((resolve) => {
    notice(`You are already playing as ${isolated(name)} in another tab or window of this browser.`, [
      [`Continue as ${isolated(name)} here`, resolve, "primary"],
      [ACTIONS.somebody_else, somebodyElse],
    ]);
  });
}

/** The name form; resolves with the Seat once somebody came in. */
function ask(picture, { name, spectate }) {
  phase("entry");
  const { definition } = picture;
  const { low, high } = definition.players;
  const taken = picture.roster.seats.length;
  const isOn = picture.states.includes("running");
  notice(isOn
    ? "The game has started, so you cannot take a seat. You can watch."
    : `${taken === 0 ? "No players yet" : `${plural(taken, "player")} joined`}. The game is for ${low === high ? plural(high, "player") : `${low} to ${high} players`}.`);
  by("who").value = name ?? remembered("name") ?? "";
  const teams = definition.teams.map(({ name: team }) => element("option", { value: team, text: words(team) }));
  by("team").replaceChildren(element("option", { value: "", text: "any team" }), ...teams);
  for (const id of ["team", "team-label"]) show(by(id), teams.length > 0 && !isOn);
  const [play, watch] = by("entry").querySelectorAll("button");
  show(play, !isOn);
  show(watch, definition.spectators.high > 0);
  play.classList.toggle("primary", !spectate);
  show(by("entry"), true);
  by("who").focus();
  return new Promise((resolve, reject) => {
    by("entry").onsubmit = once(async (event) => {
      event.preventDefault();
      const asWatcher = event.submitter?.value === "spectator";
      const who = by("who").value.trim();
      remember("name", who);
      notice("Joining…");
      try {
        resolve(await enter({ name: who || undefined, spectate: asWatcher, team: by("team").value || undefined }));
      } catch (error) {
        if (!(error instanceof RoomError)) reject(error);
        notice(reason(error));
      }
    });
  });
}

function remembered(key) {
  try {
    return JSON.parse(localStorage.getItem(`gameroom:${key}`));
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(`gameroom:${key}`, JSON.stringify(value));
  } catch {
    // Not allowed here: then it is asked again next time.
  }
}

/** Only a hint, so that strangers are not asked for: who has the seat is the cookie's to say. */
const beenTo = (room) => remembered("been")?.includes(`${room}:${profile}`) === true;

function noteVisit(room) {
  const others = (remembered("been") ?? []).filter((one) => one !== `${room}:${profile}`);
  remember("been", [`${room}:${profile}`, ...others].slice(0, ROOMS_REMEMBERED_MAX));
}

/** isReturn: this person has been here before. */
async function enter(asks, isReturn = false) {
  const auto = wish.get("auto") === "1";
  const dev = { demo: auto, sync_test: wish.get("sync") === "1" };
  if (wish.get("dev") === "1" && wish.has("step_ms")) dev.step_ms = Number(wish.get("step_ms"));
  const seat = await join({ ...where, ...asks, profile, view: by("game"), dev });
  noteVisit(seat.id);
  show(by("entry"), false);
  notice("");
  by("about").textContent = by("doc").textContent;
  say(by("doc"), "");
  phase("setup");
  show(by("side"), true);
  new RoomPage(seat, { profile, list: new StoryList(by("story")), auto, isReturn, becomeSomebodyElse });
  return seat;
}

const seat = begin();
seat.catch(() => {}); // told on the page already
if (wish.get("dev") === "1") window.gameroom = { seat };
