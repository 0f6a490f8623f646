/**
 * The page of any room: joining and coming back. room-page.js does the rest.
 *
 * It knows the room file's definition, but no game. Text from others is set as text, never as
 * markup. Parameters in the URL: name=ann joins with this name. auto=1 joins without asking, and
 * the view plays automatically. profile=b is a second seat in this browser. spectate=1 joins as a
 * spectator. compact=1 shows only the game. dev=1 is for tests: `window.gameroom.seat` is then a
 * promise of the Seat.
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

/** Opens the same page with another profile, i.e. for another seat in this browser. */
async function becomeSomebodyElse() {
  const address = new URL(location.href);
  address.searchParams.delete("name");
  address.searchParams.set("profile", await freeProfile());
  await leaving(() => location.assign(address));
}

/** The first profile without a place in this room. */
async function freeProfile() {
  for (const one of "abcdefghijklmnopqrstuvwxyz") {
    if (one !== profile && (await whoAmI({ ...where, profile: one })) === null) return one;
  }
  throw new Error("This browser has already joined this room as many times as it can.");
}

// ---- joining -------------------------------------------------------------------------------

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

/** Fetches the room. If it is not available yet (503), tries again after the given time. */
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
  if (error.problem.status === 404) return "There is no such room. It has perhaps ended. Ask for a new link.";
  return error.message;
}

/** Whether another page uses this place now. After a reload, this page itself was the other one. */
function isElsewhere({ roster }, { user }) {
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  if (type === "reload" || type === "back_forward") return false;
  return roster.seats.some((row) => row.user === user && row.connected);
}

/** This browser plays here in another tab. Resolves when the person chooses to play in this one. */
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

/** Shows the name form. Resolves with the Seat after joining. */
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
    // Storage is forbidden: the form asks again next time.
  }
}

/** Only a hint, to avoid a request for newcomers: the cookie decides who has the seat. */
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
seat.catch(() => {}); // the page already shows the error
if (wish.get("dev") === "1") window.gameroom = { seat };
