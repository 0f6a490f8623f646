/**
 * The page of a room for somebody who has come in: the setup, the people, the game, and what happens.
 *
 * It knows the room file's definition and no game. What others said is only ever set as text. Which
 * words fit which situation is for situations.js to say.
 */

import { SetupForm, showRequests } from "./forms.js";
import { by, element, isolated, leaving, once, phase, reload, say, show, words } from "./page.js";
import * as situations from "./situations.js";
import { listed } from "./story.js";

export class RoomPage {
  #seat;
  #definition;
  #profile;
  #story;
  #auto;
  #people = new Map();
  #form;
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
  #becomeSomebodyElse;

  /** seat: ours. profile: which of this browser's. story: the list in which it tells. auto: says that it
   * is ready by itself. isReturn: this person has been here before. becomeSomebodyElse: loads this page
   * for another profile. */
  constructor(seat, { profile, story, auto, isReturn, becomeSomebodyElse }) {
    this.#seat = seat;
    this.#definition = seat.definition;
    this.#profile = profile;
    this.#story = story;
    this.#auto = auto;
    this.#isReturn = isReturn;
    this.#becomeSomebodyElse = becomeSomebodyElse;
    this.#form = new SetupForm(by("settings"), seat.definition.settings, (set) => this.#do(seat.configure(set)));
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
    on("chat", ({ name, text }) => this.#tell(`${isolated(name)}: ${isolated(text)}`));
    on("announcement", ({ text }) => this.#tell(text));
    on("ended", (ended) => this.#ended(ended));
    on("broken", (said) => this.#engineFailed(said));
    on("failed", (said) => this.#othersFailed(said));
    on("report", ({ kind, generation, text }) => this.#tell(kind === "snapshot"
      ? `the engine's state of turn ${generation} cannot be saved (${text}): nobody can go on from it`
      : `the game's engine has a fault (${kind}, turn ${generation}): ${text}`, "broken"));
    on("viewProblem", ({ part, detail }) => this.#tell(`the game's view has a fault (${part}): ${detail}`, "broken"));
    on("sync", ({ generation, part, why }) => this.#tell(`sync test, turn ${generation}: ${why} (${part})`, "broken"));
    setInterval(() => this.#clock(), 500);
    this.#refresh();
  }

  #tell(sentence, tone) {
    this.#story.tell(sentence, tone);
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
      seat: seat.seat, rtt: seat.meters().rtt, rows: seat.roster.seats, low: this.#definition.players.low,
      states: seat.states, isRunning: seat.isRunning, closed: seat.closed, played: seat.generation,
      started: seat.isRunning || seat.generation > 0 || this.#story.turn > 0,
      silentS: Math.floor((now - this.#turnAt) / 1000),
      mayResume: this.#definition.requests.some(({ name }) => name === "resume") && seat.allows("resume"),
      ended: seat.ended, failed: this.#failed, diverged: this.#diverged, differs: this.#differs,
    };
  }

  /** Does what a notice offers; a promise of its end, where that is not at once. */
  #act(action) {
    const { id } = this.#seat;
    const acts = {
      take_back: () => this.#seat.takeBack(),
      somebody_else: () => this.#do(this.#becomeSomebodyElse()),
      try_now: () => this.#seat.wake(),
      resume: () => this.#do(this.#seat.request("resume")),
      watch_again: () => leaving(() => location.assign(`/replay?${new URLSearchParams({ room: id, profile: this.#profile })}`)),
      save: () => this.#saveReplay(),
    };
    return (acts[action] ?? reload)();
  }

  #saveReplay() {
    const { id } = this.#seat;
    element("a", { href: `/rooms/${encodeURIComponent(id)}/replay?profile=${this.#profile}`, download: "" }).click();
  }

  // -- what the person does --

  #doings() {
    by("line").maxLength = this.#definition.policies.chat.characters;
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
      this.#tell(`${error.message}${instead}`, "broken");
      this.#refresh();
    }
  }

  // -- the setup --

  #setup({ settings, changed_by: who }) {
    const setter = who === this.#seat.name ? "you" : isolated(who);
    for (const [name, value] of this.#form.set(settings)) {
      this.#tell(`${setter} set ${words(name)} to ${isolated([value].flat().join(", "))}`);
    }
    by("reasons").replaceChildren();
    this.#unfit = false;
    this.#refresh();
  }

  #engineRefused({ seat, reasons }) {
    this.#unfit = true;
    by("reasons").replaceChildren(...reasons.map((text) => element("li", { text })));
    this.#tell(`${this.#nameOf(seat)} cannot play this setup: ${reasons.map(isolated).join("; ")}`, "broken");
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
    for (const { text, tone } of situations.news(before, after, this.#seat.seat)) this.#tell(text, tone);
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
      if (because) this.#tell(because);
      else if (leaf !== undefined) this.#tell(`now ${words(leaf.split(".").slice(-2).join(": "))}`);
    }
    if (!states.some((path) => path.endsWith(".diverged"))) this.#diverged = null;
    this.#refresh();
  }

  #turn({ generation, turn_ms }) {
    this.#story.turn = generation;
    const { roster, seat, returned } = this.#seat;
    const longer = this.#pace.turn(turn_ms, roster.seats, seat, returned === null);
    if (longer !== null) this.#tell(longer.text, longer.tone);
    const waited = performance.now() - this.#turnAt > 1000;
    this.#turnAt = performance.now();
    if (waited) this.#clock();
  }

  #rejected({ name, detail, allowed }) {
    const instead = allowed.length > 0 ? ` Now goes: ${allowed.map(words).join(", ")}.` : "";
    this.#tell(`${words(name)} was refused: ${detail}${instead}`, "slow");
  }

  #divergence({ generation, seats, decidable, values }) {
    const inside = Object.keys(values).map(Number).filter((seat) => !seats.includes(seat));
    const names = (list) => listed(list.map((seat) => this.#nameOf(seat)));
    this.#diverged = decidable
      ? `Checksums differ at turn ${generation}: ${names(seats)} against ${names(inside)}.`
      : `Checksums differ at turn ${generation} between ${names(seats)}; nobody can tell who is right.`;
    this.#tell(this.#diverged, "broken");
    this.#refresh();
  }

  #repair(seats) {
    this.#diverged = null;
    for (const seat of seats) {
      this.#tell(`${this.#nameOf(seat)}'s engine begins again, the others play on`, "slow");
    }
    this.#refresh();
  }

  #back(said) {
    const told = situations.back(said, this.#isReturn);
    if (told !== null) this.#tell(told.text, told.tone);
    this.#refresh();
  }

  #ended(ended) {
    this.#tell(["the room has ended", ended.because, situations.leavers(ended)].filter(Boolean).join(": "));
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
    const { delay_ms } = this.#definition.spectators;
    const late = delay_ms > 0 ? `, ${delay_ms / 1000} s later` : "";
    say(by("agreed"), `Up to turn ${generation} you see what the players saw${late}.`);
  }

  #other(generation) {
    if (this.#differs !== null) return;
    this.#differs = generation;
    this.#tell(`this page shows another game than the players agreed on, since turn ${generation}: load it again`, "broken");
    this.#refresh();
  }

  #engineFailed({ error, generation }) {
    this.#failed = `The game's engine failed${generation ? ` at turn ${generation}` : ""}: ${error.message}`;
    this.#tell(this.#failed, "broken");
    this.#refresh();
  }

  #othersFailed({ seat, generation, text }) {
    if (seat === this.#seat.seat && this.#failed !== null) return;
    const whose = seat === this.#seat.seat ? "your" : `${this.#nameOf(seat)}'s`;
    this.#tell(`${whose} engine failed at turn ${generation}: ${isolated(text)}`, "broken");
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
    const open = this.#isLive ? this.#definition.requests.filter(({ name }) => seat.allows(name)) : [];
    showRequests(by("requests"), open, (name, body) => this.#do(seat.request(name, body)));
    this.#clock();
  }

  #refreshSetup(facts) {
    const seat = this.#seat;
    const mayConfigure = this.#isLive && seat.allows("configure");
    this.#form.disable(!mayConfigure);
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
    if (row.ready || seats.length < this.#definition.players.low) return;
    const wanted = JSON.stringify([this.#seat.setup, seats.map(({ user, seat }) => [user, seat])]);
    if (this.#readyFor === wanted) return;
    this.#readyFor = wanted;
    this.#do(this.#seat.ready());
  }

  /** What lies over the game: why nothing moves, and what to do about it. */
  #clock() {
    const facts = this.#facts;
    const { text, tone } = situations.line(facts);
    say(by("link"), text);
    by("link").dataset.tone = tone;
    showPeople(by("people"), facts);
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

/** Shows the people of these facts. The cards stay where they are, so that a word that changes is all
 * that changes. */
function showPeople(list, facts) {
  const users = facts.rows.map(({ user, seat }) => `${user} ${seat}`).join();
  if (list.dataset.users !== users) {
    list.dataset.users = users;
    list.replaceChildren(...facts.rows.map(card));
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

function card({ seat, user }) {
  const swatch = element("span", { className: "swatch" });
  swatch.style.background = `var(--seat-${seat % 8})`;
  return element("li", { "data-user": user }, swatch, element("span", { className: "who" }),
    element("span", { className: "presence" }), element("span", { className: "what" }));
}
