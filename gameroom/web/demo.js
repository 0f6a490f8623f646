/**
 * The demo page: ordinary join pages in frames, and a description of their room.
 *
 * Each frame has a separate profile with its own seat, and plays automatically. This page only
 * listens to the events of their JavaScript clients, and disturbs their connections on request. It
 * knows no game. Everything from the room is shown as text, never as markup.
 */

import { showChart } from "/web/chart.js";
import { by, leaving, once } from "/web/page.js";
import * as texts from "/web/page-texts.js";
import { StoryList } from "/web/story-list.js";
import * as story from "/web/story.js";
import { isolated, plural, seatName } from "/web/words.js";

const NAMES = ["ann", "bob", "cid", "dan"];
const WORDS = ["no seats", "one seat", "two seats", "three seats"];
const DROP_MS = 2000;
const SURE_MS = 5000;
const LOOK_MS = 200;
const METER_MS = 1000;

const room = new URLSearchParams(location.search).get("room") ?? "";
const list = new StoryList(by("story"), "setup");
const tell = (text, tone = "") => list.tell({ text, tone });

// ---- one place: its frame, its meters, its buttons -------------------------------------------

class Place {
  /** The seat of the page that is now in the frame; null while there is none. */
  seat = null;
  delayMs = 0;
  /** The last news of the connection, which the card shows. */
  #facts = texts.FACTS;
  #caughtUp = 0;
  #lives = 0;
  #metered = null;
  #promised = null;
  #asking = null;

  constructor({ profile, doing, spectate = false }) {
    this.name = profile;
    this.watches = spectate;
    this.card = by("seat").content.firstElementChild.cloneNode(true);
    this.card.dataset.profile = profile;
    this.card.querySelector("h2").textContent = `${profile} ${doing}`;
    this.frame = this.card.querySelector("iframe");
    this.frame.title = `${profile}'s game`;
    this.#buttons();
    const wish = new URLSearchParams({ profile, name: profile, auto: "1", compact: "1", dev: "1" });
    if (spectate) wish.set("spectate", "1");
    this.frame.src = `/join/${encodeURIComponent(room)}?${wish}`;
  }

  /** Checks whether the frame contains a new page, and waits for its seat. With `dev=1` the page
   * offers a promise of the seat. */
  async look() {
    const promised = this.frame.contentWindow?.gameroom?.seat ?? null;
    if (promised === null || promised === this.#promised) return;
    this.#promised = promised;
    const seat = await promised.catch(() => null);
    if (seat === null || promised !== this.#promised) return;
    this.seat = seat;
    this.#lives += 1;
    this.#metered = null;
    seat.dev.delay(this.delayMs);
    this.#facts = { ...texts.FACTS, wasLive: seat.status !== "connecting" };
    seat.on("status", () => this.#status(seat));
    seat.on("back", (back) => this.#back(back));
    // A reloaded page can have caught up before this check.
    if (seat.returned !== null) this.#back(seat.returned);
    seat.on("roster", () => this.#status(seat));
    seat.on("agrees", () => this.#facts.differs !== null && this.#learn({ differs: null }, seat));
    seat.on("broken", ({ error }) => {
      this.#learn({ failed: error?.message ?? "" }, seat);
      tell(`${this.name}'s engine failed: ${error?.message ?? "no reason was given"}`, "broken");
    });
    seat.on("differs", ({ generation }) => {
      if (this.#facts.differs !== null) return;
      this.#learn({ differs: generation }, seat);
      tell(`${this.name} has been out of sync with the players since turn ${generation}: reload ${this.name}'s page`, "broken");
    });
    this.#status(seat);
    if (this.watches) listenTo(seat, this.#lives > 1);
    seat.on("ended", () => {
      this.#status(seat);
      this.#over();
    });
  }

  /** Updates the rates and the lost commands, once a second. */
  meter() {
    if (this.seat === null) return;
    const { bytes, rtt, generation, commands } = this.seat.meters();
    const now = performance.now();
    if (this.#metered !== null) {
      const seconds = (now - this.#metered.now) / 1000;
      this.#show("up", `${Math.round((bytes.out - this.#metered.bytes.out) / seconds)} B/s`);
      this.#show("down", `${Math.round((bytes.in - this.#metered.bytes.in) / seconds)} B/s`);
    }
    this.#metered = { now, bytes };
    if (this.seat.seat !== null) this.card.querySelector(".dot").style.background = `var(--seat-${this.seat.seat % 8})`;
    this.#show("generation", String(generation));
    this.#show("latency", rtt > 0 ? `${rtt} ms` : "…");
    const tally = this.card.querySelector(".tally");
    const lost = commands.lost + commands.doubled;
    tally.dataset.caught = String(this.#caughtUp);
    tally.dataset.lost = String(lost);
    if (this.#caughtUp > 0 || lost > 0) {
      tally.textContent = `${plural(this.#caughtUp, "turn")} caught up, ${plural(commands.lost, "command")} lost, ${commands.doubled} duplicated.`;
    }
  }

  #show(name, text) {
    this.card.querySelector(`[data-meter="${name}"]`).textContent = text;
  }

  #learn(news, seat) {
    this.#facts = { ...this.#facts, ...news };
    this.#status(seat);
  }

  #status({ status, seat, ended, roster }) {
    this.#facts = { ...this.#facts, status, seat, ended, rows: roster.seats, wasLive: this.#facts.wasLive || status === "live" };
    const { text, tone } = texts.line(this.#facts);
    Object.assign(this.card.dataset, { status, tone });
    this.card.querySelector(".presence").textContent = text;
  }

  #back({ again, turns, ms, lost }) {
    if (!again && this.#lives < 2) return;
    this.#caughtUp += turns;
    const way = again ? "is back" : "is back after a reload";
    tell(`${this.name} ${way}: ${plural(turns, "turn")} caught up in ${Math.round(ms)} ms, ${plural(lost, "command")} lost`, lost > 0 ? "broken" : "healthy");
    this.meter();
  }

  #buttons() {
    const button = (doing) => this.card.querySelector(`[data-doing="${doing}"]`);
    button("drop").textContent = `Drop ${this.name}'s connection`;
    button("drop").addEventListener("click", () => {
      if (this.seat?.status !== "live") return;
      tell(`${this.name}'s connection is dropped for ${DROP_MS / 1000} s`);
      this.seat.dev.drop(DROP_MS);
    });
    button("reload").textContent = `Reload ${this.name}'s page`;
    button("reload").addEventListener("click", once(() => new Promise((loaded) => {
      tell(`${this.name}'s page is reloaded`);
      this.frame.addEventListener("load", loaded, { once: true });
      this.frame.contentWindow.location.reload();
    })));
    button("corrupt").textContent = `Corrupt ${this.name}'s engine`;
    button("corrupt").addEventListener("click", once(() => this.#corrupt(button("corrupt"))));
    for (const choice of this.card.querySelectorAll("input")) {
      choice.name = `delay-${this.name}`;
      choice.addEventListener("change", () => {
        this.delayMs = Number(choice.value);
        this.seat?.dev.delay(this.delayMs);
        tell(this.delayMs > 0 ? `${this.name} is delayed by ${this.delayMs} ms each way` : `${this.name} is no longer delayed`);
      });
    }
  }

  /** The game has ended: disables the buttons that disturb it. */
  #over() {
    for (const one of this.card.querySelectorAll('[data-doing="drop"], [data-doing="corrupt"], input')) one.disabled = true;
  }

  /** Asks for a confirmation: a second click within a few seconds executes the action. */
  async #corrupt(button) {
    clearTimeout(this.#asking);
    const calm = () => {
      delete button.dataset.sure;
      button.textContent = `Corrupt ${this.name}'s engine`;
    };
    if (button.dataset.sure === undefined) {
      button.dataset.sure = "asked";
      button.textContent = this.watches ? "Only this screen will be wrong: click again" : "It may halt the game: click again";
      this.#asking = setTimeout(calm, SURE_MS);
      return;
    }
    calm();
    if (this.seat === null) return;
    await this.seat.dev.corrupt();
    tell(`one number in ${this.name}'s engine was changed`);
  }
}

// ---- the room, as the spectator sees it ------------------------------------------------------

const chart = showChart(by("chart"), `/rooms/${encodeURIComponent(room)}/chart.svg`);
chart.catch((error) => {
  by("chart").textContent = `${error.message}. Reload the page to try again.`;
});

/** A reloaded spectator receives all events from the first one on. Only new ones are shown. */
function listenTo(seat, isReloaded) {
  let isOld = isReloaded;
  let roster = seat.roster;
  const pace = new story.PaceNews();
  seat.on("back", () => {
    isOld = false;
  });
  by("game").textContent = seat.definition.name;
  document.title = `${seat.definition.name}: gameroom demo`;
  place(seat.states);
  seat.on("roster", (next) => {
    if (!isOld) tellPeople(roster.seats, next.seats);
    roster = next;
  });
  seat.on("chart", ({ states, moved, generation }) => {
    if (isOld) return;
    place(states, moved.flatMap((one) => one.entered), generation);
    for (const one of moved) tellMove(one);
  });
  seat.on("turn", (packet) => {
    list.turn = packet.generation;
    const longer = pace.turn(packet.turn_ms, roster.seats, null, isOld || seat.returned === null);
    if (longer !== null) list.tell(longer);
    if (isOld) return;
    chart.then((drawn) => drawn.turn(packet.generation), () => {});
    by("generation").textContent = String(packet.generation);
    by("turn").textContent = `${packet.turn_ms} ms, ${packet.ahead} ahead`;
    if (packet.checksum !== null) by("agreed").textContent = `turn ${packet.checksum.generation}`;
  });
  seat.on("refused", ({ seat: of, reasons }) => list.tell(story.engineRefused(nameOf(roster, of), reasons)));
  seat.on("diverged", (what) => isOld || list.tell(story.diverged(what, (of) => nameOf(roster, of))));
  seat.on("repair", ({ seats }) => seats.forEach((of) => isOld || list.tell(story.repair(nameOf(roster, of)))));
  seat.on("announcement", (said) => isOld || list.tell(story.announcement(said)));
  seat.on("chat", (said) => isOld || list.tell(story.chat(said)));
  seat.on("ended", (end) => list.tell(story.ended(end)));
}

const nameOf = (roster, seat) => isolated(roster.seats.find((row) => row.seat === seat)?.name ?? seatName(seat));

async function place(states, entered, generation) {
  const leaves = states.filter((path) => !states.some((other) => other.startsWith(`${path}.`)));
  by("state").textContent = leaves.join(", ") || "…";
  (await chart).light(states, entered, generation);
}

function tellMove(move) {
  // Without a picture, a text says so.
  chart.then((drawn) => drawn.glow(move.transition)).catch(() => {});
  const sentence = story.movedBecause(move);
  if (sentence !== null) list.tell(sentence);
}

function tellPeople(before, after) {
  const same = (a, b) => a.seat === b.seat && a.user === b.user;
  for (const row of after) {
    const old = before.find((one) => same(one, row));
    story.news(old, row).forEach((sentence) => list.tell(sentence));
    if (row.loaded && !old?.loaded) list.tell(story.engineLoaded(isolated(row.name)));
  }
  for (const row of before.filter((one) => !after.some((other) => same(one, other)))) {
    story.news(row, undefined).forEach((sentence) => list.tell(sentence));
  }
}

// ---- the page --------------------------------------------------------------------------------

document.querySelector(".demo-bar form").addEventListener("submit", once(() => leaving(() => {})));

/** As many players as the game needs, up to three, and one spectator. */
async function makePlaces() {
  const { players } = await definitionOf(room).catch(() => ({ players: { low: 2, high: 2 } }));
  const count = Math.max(1, Math.min(players.low, NAMES.length - 1));
  by("places").textContent = `${WORDS[count]} and a spectator, one server`;
  // If two engines differ, it cannot be decided which one is right.
  by("repair").hidden = players.high < 3;
  return NAMES.slice(0, count + 1).map((profile, index) => new Place(
    index < count ? { profile, doing: "plays" } : { profile, doing: "watches", spectate: true },
  ));
}

async function definitionOf(id) {
  const response = await fetch(`/join/${encodeURIComponent(id)}`, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()).definition;
}

const places = await makePlaces();
document.querySelector(".seats").dataset.count = String(places.length);
document.querySelector(".seats").append(...places.map((one) => one.card));

/** On a narrow page only one place is visible at a time. The others continue. */
function show(shown) {
  for (const one of places) one.card.classList.toggle("shown", one === shown);
  for (const button of document.querySelectorAll(".switcher button")) {
    button.setAttribute("aria-pressed", String(button.dataset.profile === shown.name));
  }
}

document.querySelector(".switcher").append(...places.map((one) => {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.profile = one.name;
  button.textContent = one.name;
  button.addEventListener("click", () => show(one));
  return button;
}));
show(places[0]);
setInterval(() => places.forEach((one) => one.look()), LOOK_MS);
setInterval(() => places.forEach((one) => one.meter()), METER_MS);
