/**
 * The page of any room: come in, agree on the setup, play, come back.
 *
 * It knows the room file's definition and no game. What others said is only ever set as
 * text. The address may say more: name=ann comes in under that name, auto=1 without asking
 * (and lets the view play by itself), profile=b is a second seat of this browser, spectate=1
 * only watches, compact=1 leaves the game alone on the page, dev=1 hands out the instruments:
 * `window.gameroom.seat` is a promise of the Seat.
 */

import { RoomError, join, look, whoAmI } from "/web/gameroom.js";
import { by, element, isolated, leaving, once, say, show, words } from "/web/page.js";
import * as situations from "/web/situations.js";
import { Story, listed, plural } from "/web/story.js";

const ROOMS_REMEMBERED_MAX = 50;
const wish = new URLSearchParams(location.search);
const where = { url: location.href };
const profile = wish.get("profile") ?? "0";
const story = new Story(by("story"));
const tell = (sentence, tone) => story.tell(sentence, tone);

// ---- what happens, in sentences ------------------------------------------------------------

function notice(text, doings = []) {
  say(by("notice"), text);
  by("notice-doings").replaceChildren(...doings.map(([label, act, className = ""]) =>
    element("button", { type: "button", text: label, onclick: once(act), className })));
  by("welcome").classList.toggle("loud", text !== "");
}

function saveReplay(room) {
  element("a", { href: `/rooms/${encodeURIComponent(room)}/replay?profile=${profile}`, download: "" }).click();
}

/** The same page with another profile: another seat of this browser. */
async function asSomebodyElse() {
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
  throw new Error("Every profile of this browser has a place in this room already.");
}

const reload = () => leaving(() => location.reload());

const phase = (name) => { document.body.dataset.phase = name; };

// ---- coming in -----------------------------------------------------------------------------

let definition;

async function begin() {
  document.body.classList.toggle("compact", wish.get("compact") === "1");
  try {
    const picture = await lookUntilHere();
    definition = picture.definition;
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
      notice(`${error.message} This page goes on by itself.`, [["Try again now", reload]]);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function reason(error) {
  if (!(error instanceof RoomError)) return `The server cannot be reached: ${error.message}. Is it running?`;
  if (error.problem.status === 404) return "There is no such room. It may have ended; ask for a new link.";
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
  const somebodyElse = () => asSomebodyElse().catch((error) => notice(reason(error)));
  return new Promise((resolve) => {
    notice(`You are playing here as ${isolated(name)}, in another tab or window of this browser.`, [
      [`Go on as ${isolated(name)} here`, resolve, "primary"],
      [situations.ACTIONS.somebody_else, somebodyElse],
    ]);
  });
}

/** The name form; resolves with the Seat once somebody came in. */
function ask(picture, { name, spectate }) {
  phase("entry");
  const { low, high } = definition.players;
  const taken = picture.roster.seats.length;
  const isOn = picture.states.includes("running");
  notice(isOn
    ? "The game is on: seats are locked, but you may watch."
    : `${taken === 0 ? "Nobody is here yet" : `${plural(taken, "player")} here`}; ${low === high ? high : `${low} to ${high}`} can play.`);
  by("who").value = name ?? remembered("name") ?? "";
  const teams = definition.teams.map(({ name: team }) => element("option", { value: team, text: words(team) }));
  by("team").replaceChildren(element("option", { value: "", text: "wherever there is room" }), ...teams);
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
      notice("Coming in…");
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
  new Page(seat, auto, isReturn);
  return seat;
}

// ---- fields of settings and requests -------------------------------------------------------

/** An input for a value of this type: {input, get(), set(value)}. */
function field(type, id) {
  const input = element(type.kind === "choice" ? "select" : "input", { id });
  switch (type.kind) {
    case "choice":
      input.append(...type.choices.map((choice) => element("option", { value: choice, text: choice })));
      return { input, get: () => input.value, set: (value) => { input.value = value; } };
    case "bool":
      input.type = "checkbox";
      return { input, get: () => input.checked, set: (value) => { input.checked = value; } };
    case "int":
      Object.assign(input, { type: "number", min: type.low, max: type.high, step: 1, inputMode: "numeric", required: true });
      return { input, get: () => input.valueAsNumber, set: (value) => { input.value = value; }, hint: `${type.low} to ${type.high}` };
    case "list": {
      const one = field(type.item, `${id}-item`);
      const read = (part) => {
        if (type.item.kind === "int") return Number(part);
        return type.item.kind === "bool" ? part === "true" : part;
      };
      return {
        input,
        get: () => input.value.split(",").map((part) => part.trim()).filter((part) => part !== "").map(read),
        set: (value) => { input.value = value.join(", "); },
        hint: `${type.low} to ${type.high}, with commas between${one.hint ? `, each ${one.hint}` : ""}`,
      };
    }
    default:
      Object.assign(input, { type: "text", maxLength: type.high, minLength: type.low, autocomplete: "off" });
      return { input, get: () => input.value, set: (value) => { input.value = value; }, hint: `${type.low} to ${type.high} characters` };
  }
}

function labelled(name, doc, type, id) {
  const made = field(type, id);
  const label = element("label", { for: id, text: words(name) });
  const help = element("small", { id: `${id}-help`, text: [doc, made.hint].filter(Boolean).join(" · ") });
  made.input.setAttribute("aria-describedby", help.id);
  const parts = type.kind === "bool" ? [made.input, label, help] : [label, made.input, help];
  return { ...made, row: element("div", { className: type.kind === "bool" ? "setting flag" : "setting" }, ...parts) };
}

// ---- the page with a seat ------------------------------------------------------------------

class Page {
  #seat;
  #auto;
  #people = new Map();
  #settings = new Map();
  #known = null;
  /** The settings whose field holds what somebody is typing: news of the setup leave it alone. */
  #typing = new Set();
  #turnAt = performance.now();
  /** The last news of the line. */
  #line = {};
  #wasLive = false;
  #diverged = null;
  #differs = null;
  #failed = null;
  #unfit = false;
  /** For which setup and people this page has said that it is ready, by itself. */
  #readyFor = null;
  #pace = new situations.PaceNews();
  #isReturn;

  constructor(seat, auto, isReturn) {
    this.#seat = seat;
    this.#auto = auto;
    this.#isReturn = isReturn;
    this.#makeSettings();
    this.#doings();
    const on = (name, hear) => seat.on(name, hear);
    on("status", (said) => this.#status(said));
    on("roster", (roster) => this.#roster(roster));
    on("setup", (setup) => this.#setup(setup));
    on("chart", (chart) => this.#chart(chart));
    on("turn", (packet) => this.#turn(packet));
    on("refused", (said) => this.#engineRefused(said));
    on("rejected", (said) => this.#rejected(said));
    on("diverged", (said) => this.#divergence(said));
    on("repair", ({ seats }) => this.#repair(seats));
    on("differs", ({ generation }) => this.#other(generation));
    on("agrees", ({ generation }) => this.#agrees(generation));
    on("back", (said) => this.#back(said));
    on("chat", ({ name, text }) => tell(`${isolated(name)}: ${isolated(text)}`));
    on("announcement", ({ text }) => tell(text));
    on("ended", (ended) => this.#ended(ended));
    on("broken", (said) => this.#engineFailed(said));
    on("failed", (said) => this.#othersFailed(said));
    on("report", ({ kind, generation, text }) => tell(kind === "snapshot"
      ? `the engine's state of turn ${generation} cannot be saved (${text}): nobody can go on from it`
      : `the game's engine has a fault (${kind}, turn ${generation}): ${text}`, "broken"));
    on("viewProblem", ({ part, detail }) => tell(`the game's view has a fault (${part}): ${detail}`, "broken"));
    on("sync", ({ generation, part, why }) => tell(`sync test, turn ${generation}: ${why} (${part})`, "broken"));
    setInterval(() => this.#clock(), 500);
    this.#refresh();
  }

  get #isLive() {
    return this.#seat.status === "live";
  }

  get #myRow() {
    return this.#seat.roster.seats.find(({ seat }) => seat === this.#seat.seat);
  }

  #nameOf(seat) {
    const row = this.#seat.roster.seats.find((one) => one.seat === seat);
    return row === undefined ? situations.seatName(seat) : situations.called(row, this.#seat.seat);
  }

  /** What the table of situations is asked about. */
  get #facts() {
    const seat = this.#seat;
    const now = performance.now();
    return {
      ...situations.FACTS,
      status: seat.status, meaning: this.#line.meaning ?? "", wasLive: this.#wasLive, code: this.#line.code ?? 0,
      waitS: Math.max(0, Math.ceil(((this.#line.at ?? now) - now) / 1000)),
      seat: seat.seat, rtt: seat.meters().rtt, rows: seat.roster.seats, low: definition.players.low,
      states: seat.states, isRunning: seat.isRunning, closed: seat.closed, played: seat.generation,
      started: seat.isRunning || seat.generation > 0 || story.turn > 0,
      silentS: Math.floor((now - this.#turnAt) / 1000),
      mayResume: definition.requests.some(({ name }) => name === "resume") && seat.allows("resume"),
      ended: seat.ended, failed: this.#failed, diverged: this.#diverged, differs: this.#differs,
    };
  }

  /** Does what a notice offers; a promise of its end, where that is not at once. */
  #act(action) {
    const { id } = this.#seat;
    const acts = {
      take_back: () => this.#seat.takeBack(),
      somebody_else: () => this.#do(asSomebodyElse()),
      try_now: () => this.#seat.wake(),
      resume: () => this.#do(this.#seat.request("resume")),
      watch_again: () => leaving(() => location.assign(`/replay?${new URLSearchParams({ room: id, profile })}`)),
      save: () => saveReplay(id),
    };
    return (acts[action] ?? reload)();
  }

  // -- what the person does --

  #doings() {
    by("line").maxLength = definition.policies.chat.characters;
    by("ready").onclick = once(() => this.#do(this.#seat.ready(!this.#myRow?.ready)));
    by("chat").onsubmit = (event) => {
      event.preventDefault();
      const text = by("line").value.trim();
      by("line").value = "";
      if (text !== "") this.#do(this.#seat.chat(text));
    };
    const leave = by("leave");
    leave.onclick = once(() => {
      const isSure = !leave.classList.toggle("sure");
      say(leave, isSure ? "Leave the room" : "Leave for good: the seat is given up");
      return isSure ? this.#do(this.#seat.leave()) : undefined;
    });
    leave.onblur = () => {
      leave.classList.remove("sure");
      say(leave, "Leave the room");
    };
  }

  async #do(asked) {
    try {
      await asked;
    } catch (error) {
      const { allowed } = error.problem ?? {};
      const instead = allowed?.length ? ` Now goes: ${allowed.map(words).join(", ")}.` : "";
      tell(`${error.message}${instead}`, "broken");
      this.#refresh();
    }
  }

  // -- the setup --

  #makeSettings() {
    const rows = definition.settings.map(({ name, doc, type }) => {
      const made = labelled(name, doc, type, `setting-${name}`);
      made.input.oninput = () => this.#typing.add(name);
      made.input.onchange = () => {
        this.#typing.delete(name);
        if (made.input.checkValidity()) this.#do(this.#seat.configure({ [name]: made.get() }));
        else made.input.reportValidity();
      };
      // Typed, and typed back: nothing was changed here, but others may have changed it.
      made.input.onblur = () => {
        if (this.#typing.delete(name) && this.#known !== null) made.set(this.#known[name]);
      };
      this.#settings.set(name, made);
      return made.row;
    });
    by("settings").replaceChildren(...rows);
    by("settings").onsubmit = (event) => event.preventDefault();
  }

  #setup({ settings, changed_by: who }) {
    const before = this.#known;
    this.#known = settings;
    for (const [name, value] of Object.entries(settings)) {
      const made = this.#settings.get(name);
      if (!this.#typing.has(name)) made?.set(value);
      const changed = before !== null && JSON.stringify(before[name]) !== JSON.stringify(value);
      made?.row.classList.toggle("fresh", changed);
      if (changed) tell(`${who === this.#seat.name ? "you" : isolated(who)} set ${words(name)} to ${isolated([value].flat().join(", "))}`);
    }
    by("reasons").replaceChildren();
    this.#unfit = false;
    this.#refresh();
  }

  #engineRefused({ seat, reasons }) {
    this.#unfit = true;
    by("reasons").replaceChildren(...reasons.map((text) => element("li", { text })));
    tell(`${this.#nameOf(seat)} cannot play this setup: ${reasons.map(isolated).join("; ")}`, "broken");
  }

  // -- people --

  #roster({ seats, spectators }) {
    const now = new Map(seats.map((row) => [row.user, row]));
    if (this.#people.size > 0) {
      for (const [user, row] of now) this.#tellAll(this.#people.get(user), row);
      for (const [user, row] of this.#people) if (!now.has(user)) this.#tellAll(row, undefined);
    }
    this.#people = now;
    say(by("watching"), spectators > 0 ? `${spectators} watching` : "");
    this.#refresh();
  }

  #tellAll(before, after) {
    for (const { text, tone } of situations.news(before, after, this.#seat.seat)) tell(text, tone);
  }

  /** The cards stay where they are, so that a word that changes is all that changes. */
  #showPeople(facts) {
    const list = by("people");
    const users = facts.rows.map(({ user, seat }) => `${user} ${seat}`).join();
    if (list.dataset.users !== users) {
      list.dataset.users = users;
      list.replaceChildren(...facts.rows.map((row) => this.#card(row)));
    }
    for (const [index, row] of facts.rows.entries()) {
      const { text, tone, more } = situations.person(row, facts);
      const [, who, presence, what] = list.children[index].children;
      say(who, row.name);
      say(presence, text);
      presence.dataset.tone = tone;
      say(what, more);
    }
  }

  #card(row) {
    const swatch = element("span", { className: "swatch" });
    swatch.style.background = `var(--seat-${row.seat % 8})`;
    return element("li", { "data-user": row.user }, swatch, element("span", { className: "who" }),
      element("span", { className: "presence" }), element("span", { className: "what" }));
  }

  // -- the room --

  #status(news) {
    this.#line = news;
    this.#wasLive ||= news.status === "live";
    this.#readyFor = null;
    this.#refresh();
  }

  #chart({ states, moved }) {
    for (const { because, entered } of moved) {
      const leaf = entered.at(-1);
      if (because) tell(because);
      else if (leaf !== undefined) tell(`now ${words(leaf.split(".").slice(-2).join(": "))}`);
    }
    if (!states.some((path) => path.endsWith(".diverged"))) this.#diverged = null;
    this.#refresh();
  }

  #turn({ generation, turn_ms }) {
    story.turn = generation;
    const { roster, seat, returned } = this.#seat;
    const longer = this.#pace.turn(turn_ms, roster.seats, seat, returned === null);
    if (longer !== null) tell(longer.text, longer.tone);
    const waited = performance.now() - this.#turnAt > 1000;
    this.#turnAt = performance.now();
    if (waited) this.#clock();
  }

  #rejected({ name, detail, allowed }) {
    const instead = allowed.length > 0 ? ` Now goes: ${allowed.map(words).join(", ")}.` : "";
    tell(`${words(name)} was refused: ${detail}${instead}`, "slow");
  }

  #divergence({ generation, seats, decidable, values }) {
    const inside = Object.keys(values).map(Number).filter((seat) => !seats.includes(seat));
    const names = (list) => listed(list.map((seat) => this.#nameOf(seat)));
    this.#diverged = decidable
      ? `Checksums differ at turn ${generation}: ${names(seats)} against ${names(inside)}.`
      : `Checksums differ at turn ${generation} between ${names(seats)}; nobody can tell who is right.`;
    tell(this.#diverged, "broken");
    this.#refresh();
  }

  #repair(seats) {
    this.#diverged = null;
    for (const seat of seats) {
      tell(`${this.#nameOf(seat)}'s engine begins again, the others play on`, "slow");
    }
    this.#refresh();
  }

  #back(said) {
    const told = situations.back(said, this.#isReturn);
    if (told !== null) tell(told.text, told.tone);
    this.#refresh();
  }

  #ended(ended) {
    tell(["the room has ended", ended.because, situations.leavers(ended)].filter(Boolean).join(": "));
    this.#refresh();
  }

  /** Who watches can't be told anything false without seeing it: the engine here works out the
   * same game, and its checksums are compared with those on which the players agreed. */
  #agrees(generation) {
    if (this.#differs !== null) {
      this.#differs = null;
      this.#refresh();
    }
    if (this.#seat.seat !== null) return;
    const { delay_ms } = definition.spectators;
    const late = delay_ms > 0 ? `, ${delay_ms / 1000} s later` : "";
    say(by("agreed"), `Up to turn ${generation} you see what the players saw${late}.`);
  }

  #other(generation) {
    if (this.#differs !== null) return;
    this.#differs = generation;
    tell(`this page shows another game than the players agreed on, since turn ${generation}: load it again`, "broken");
    this.#refresh();
  }

  #engineFailed({ error, generation }) {
    this.#failed = `The game's engine failed${generation ? ` at turn ${generation}` : ""}: ${error.message}`;
    tell(this.#failed, "broken");
    this.#refresh();
  }

  #othersFailed({ seat, generation, text }) {
    if (seat === this.#seat.seat && this.#failed !== null) return;
    const whose = seat === this.#seat.seat ? "your" : `${this.#nameOf(seat)}'s`;
    tell(`${whose} engine failed at turn ${generation}: ${isolated(text)}`, "broken");
  }

  // -- what is shown --

  #refresh() {
    const seat = this.#seat;
    const facts = this.#facts;
    const { started } = facts;
    const isClosed = seat.status === "closed" && seat.ended === null;
    phase(isClosed ? "over" : started ? "running" : "setup");
    show(by("stage"), started && !isClosed);
    show(by("setup"), !started && !situations.isOver(facts));
    show(by("side"), !isClosed);
    say(by("where"), situations.room(facts));
    show(by("chat"), this.#isLive && seat.allows("chat"));
    show(by("leave"), this.#isLive && seat.allows("leave"));
    if (!started) this.#refreshSetup(facts);
    this.#refreshRequests();
    this.#clock();
  }

  #refreshSetup(facts) {
    const seat = this.#seat;
    const mayConfigure = this.#isLive && seat.allows("configure");
    for (const { input } of this.#settings.values()) input.disabled = !mayConfigure;
    const row = this.#myRow;
    const ready = by("ready");
    show(ready, row !== undefined);
    ready.disabled = !this.#isLive || !seat.allows("ready");
    ready.setAttribute("aria-pressed", String(row?.ready === true));
    say(ready, row?.ready ? "Ready — take it back" : "I am ready");
    say(by("awaited"), situations.awaited(facts));
    if (this.#auto && !this.#unfit && row !== undefined && !ready.disabled) this.#readyByItself(row);
  }

  /** Once for each setup and the people in it, until the room has heard it. */
  #readyByItself(row) {
    const { seats } = this.#seat.roster;
    if (row.ready) this.#readyFor = null;
    if (row.ready || seats.length < definition.players.low) return;
    const wanted = JSON.stringify([this.#seat.setup, seats.map(({ user, seat }) => [user, seat])]);
    if (this.#readyFor === wanted) return;
    this.#readyFor = wanted;
    this.#do(this.#seat.ready());
  }

  /** The room's own requests that go now, as buttons; those with fields as small forms. */
  #refreshRequests() {
    const open = this.#isLive ? definition.requests.filter(({ name }) => this.#seat.allows(name)) : [];
    const key = open.map(({ name }) => name).join(" ");
    const target = by("requests");
    if (target.dataset.open === key) return;
    target.dataset.open = key;
    target.replaceChildren(...open.flatMap((request) => this.#buttons(request)));
  }

  #buttons({ name, doc, fields }) {
    const button = (label, body) => element("button", {
      type: "button", text: label, title: doc, onclick: once(() => this.#do(this.#seat.request(name, body))),
    });
    const title = words(name).replace(/^./, (first) => first.toUpperCase());
    if (fields.length === 0) return [button(title, {})];
    if (fields.length === 1 && fields[0].type.kind === "choice") {
      return fields[0].type.choices.map((choice) => button(`${title}: ${words(choice)}`, { [fields[0].name]: choice }));
    }
    const rows = fields.map((one) => [one.name, labelled(one.name, one.doc, one.type, `request-${name}-${one.name}`)]);
    const form = element("form", { className: "request" }, ...rows.map(([, made]) => made.row),
      element("button", { type: "submit", text: title }));
    form.onsubmit = once((event) => {
      event.preventDefault();
      return this.#do(this.#seat.request(name, Object.fromEntries(rows.map(([key, made]) => [key, made.get()]))));
    });
    return [form];
  }

  /** What lies over the game: why nothing moves, and what to do about it. */
  #clock() {
    const facts = this.#facts;
    const { text, tone } = situations.line(facts);
    say(by("link"), text);
    by("link").dataset.tone = tone;
    this.#showPeople(facts);
    const found = situations.notice(facts);
    show(by("veil"), found !== null);
    if (found === null) return;
    by("veil").dataset.tone = found.tone;
    say(by("veil-text"), found.text);
    say(by("veil-more"), found.more);
    const key = found.actions.join();
    if (by("veil-doings").dataset.key === key) return;
    by("veil-doings").dataset.key = key;
    by("veil-doings").replaceChildren(...found.actions.map((action, index) => element("button", {
      type: "button", className: index === 0 ? "primary" : "", text: situations.ACTIONS[action],
      onclick: once(() => this.#act(action)),
    })));
  }
}

const seat = begin();
seat.catch(() => {}); // told on the page already
if (wish.get("dev") === "1") window.gameroom = { seat };
