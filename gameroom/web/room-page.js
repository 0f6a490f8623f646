/**
 * The page of a room after joining: the setup, the people, the game, and the story.
 *
 * It knows the room file's definition, but no game. Text from others is set as text, never as
 * markup. page-texts.js and story.js contain the texts.
 */

import { SetupForm, showRequests } from "./forms.js";
import { by, element, leaving, once, phase, reload, say, show } from "./page.js";
import * as texts from "./page-texts.js";
import * as story from "./story.js";
import { called, isolated, seatName } from "./words.js";

export class RoomPage {
  #seat;
  #definition;
  #profile;
  #list;
  #auto;
  #people = new Map();
  #form;
  #turnAt = performance.now();
  /** The last news of the connection. */
  #line = {};
  #wasLive = false;
  #diverged = null;
  #differs = null;
  #failed = null;
  #unfit = false;
  /** The setup and people for which this page has automatically declared that it is ready. */
  #readyFor = null;
  #pace = new story.PaceNews();
  #isReturn;
  #becomeSomebodyElse;

  /** seat: our Seat. profile: which seat of this browser. list: the StoryList for the story. auto:
   * declares automatically that the player is ready. isReturn: this person has been here before.
   * becomeSomebodyElse: loads this page for another profile. */
  constructor(seat, { profile, list, auto, isReturn, becomeSomebodyElse }) {
    this.#seat = seat;
    this.#definition = seat.definition;
    this.#profile = profile;
    this.#list = list;
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
    on("rejected", (said) => this.#tell(story.rejected(said)));
    on("diverged", (said) => this.#divergence(said));
    on("repair", ({ seats }) => this.#repair(seats));
    on("differs", ({ generation }) => this.#other(generation));
    on("agrees", ({ generation }) => this.#agrees(generation));
    on("back", (said) => this.#back(said));
    on("chat", (said) => this.#tell(story.chat(said)));
    on("announcement", (said) => this.#tell(story.announcement(said)));
    on("ended", (ended) => this.#ended(ended));
    on("broken", (said) => this.#engineFailed(said));
    on("failed", (said) => this.#othersFailed(said));
    on("report", (said) => this.#tell(story.report(said)));
    on("viewProblem", (said) => this.#tell(story.viewProblem(said)));
    on("sync", (said) => this.#tell(story.syncTest(said)));
    setInterval(() => this.#clock(), 500);
    this.#refresh();
  }

  /** Adds one sentence to the story; null adds nothing. */
  #tell(sentence) {
    if (sentence !== null) this.#list.tell(sentence);
  }

  get #isLive() {
    return this.#seat.status === "live";
  }

  get #myRow() {
    return this.#seat.roster.seats.find(({ seat }) => seat === this.#seat.seat);
  }

  #nameOf(seat) {
    const row = this.#seat.roster.seats.find((one) => one.seat === seat);
    return row === undefined ? seatName(seat) : called(row, this.#seat.seat);
  }

  /** The facts for the table of situations. */
  get #facts() {
    const seat = this.#seat;
    const now = performance.now();
    return {
      ...texts.FACTS,
      status: seat.status, meaning: this.#line.meaning ?? "", wasLive: this.#wasLive, code: this.#line.code ?? 0,
      waitS: Math.max(0, Math.ceil(((this.#line.at ?? now) - now) / 1000)),
      seat: seat.seat, rtt: seat.meters().rtt, rows: seat.roster.seats, low: this.#definition.players.low,
      states: seat.states, isRunning: seat.isRunning, closed: seat.closed, played: seat.generation,
      started: seat.isRunning || seat.generation > 0 || this.#list.turn > 0,
      silentS: Math.floor((now - this.#turnAt) / 1000),
      mayResume: this.#definition.requests.some(({ name }) => name === "resume") && seat.allows("resume"),
      ended: seat.ended, failed: this.#failed, diverged: this.#diverged, differs: this.#differs,
    };
  }

  /** Executes the action of a notice. Returns a promise if the action is asynchronous. */
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

  // -- actions of the person --

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
      say(leave, isSure ? "Leave the room" : "Leave and give up your place? Click again to confirm");
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
      this.#tell(story.problem(error.message, error.problem?.allowed));
      this.#refresh();
    }
  }

  // -- the setup --

  #setup({ settings, changed_by: who }) {
    const setter = who === this.#seat.name ? "you" : isolated(who);
    for (const [name, value] of this.#form.set(settings)) {
      this.#tell(story.setting(setter, name, value));
    }
    by("reasons").replaceChildren();
    this.#unfit = false;
    this.#refresh();
  }

  #engineRefused({ seat, reasons }) {
    this.#unfit = true;
    by("reasons").replaceChildren(...reasons.map((text) => element("li", { text })));
    this.#tell(story.engineRefused(this.#nameOf(seat), reasons));
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
    for (const sentence of story.news(before, after, this.#seat.seat)) this.#tell(sentence);
  }

  // -- the room --

  #status(news) {
    this.#line = news;
    this.#wasLive ||= news.status === "live";
    this.#readyFor = null;
    this.#refresh();
  }

  #chart({ states, moved }) {
    for (const one of moved) this.#tell(story.moved(one));
    if (!states.some((path) => path.endsWith(".diverged"))) this.#diverged = null;
    this.#refresh();
  }

  #turn({ generation, turn_ms }) {
    this.#list.turn = generation;
    const { roster, seat, returned } = this.#seat;
    this.#tell(this.#pace.turn(turn_ms, roster.seats, seat, returned === null));
    const waited = performance.now() - this.#turnAt > 1000;
    this.#turnAt = performance.now();
    if (waited) this.#clock();
  }

  #divergence(verdict) {
    const sentence = story.diverged(verdict, (seat) => this.#nameOf(seat));
    this.#diverged = sentence.text;
    this.#tell(sentence);
    this.#refresh();
  }

  #repair(seats) {
    this.#diverged = null;
    for (const seat of seats) this.#tell(story.repair(this.#nameOf(seat)));
    this.#refresh();
  }

  #back(said) {
    this.#tell(story.back(said, this.#isReturn));
    this.#refresh();
  }

  #ended(ended) {
    this.#tell(story.ended(ended));
    this.#refresh();
  }

  /** A spectator notices wrong information: the engine of this page computes the same game, and its
   * checksums are compared with those that the players agreed on. */
  #agrees(generation) {
    if (this.#differs !== null) {
      this.#differs = null;
      this.#refresh();
    }
    if (this.#seat.seat !== null) return;
    const { delay_ms } = this.#definition.spectators;
    const late = delay_ms > 0 ? `, ${delay_ms / 1000} s later` : "";
    say(by("agreed"), `Up to turn ${generation}, you see the same game as the players${late}.`);
  }

  #other(generation) {
    if (this.#differs !== null) return;
    this.#differs = generation;
    this.#tell(story.differs(generation));
    this.#refresh();
  }

  #engineFailed(said) {
    const sentence = story.engineFailed(said);
    this.#failed = sentence.text;
    this.#tell(sentence);
    this.#refresh();
  }

  #othersFailed(said) {
    if (said.seat === this.#seat.seat && this.#failed !== null) return;
    this.#tell(story.failed(this.#nameOf(said.seat), said));
  }

  // -- display --

  #refresh() {
    const seat = this.#seat;
    const facts = this.#facts;
    const { started } = facts;
    const isClosed = seat.status === "closed" && seat.ended === null;
    phase(isClosed ? "over" : started ? "running" : "setup");
    show(by("stage"), started && !isClosed);
    show(by("setup"), !started && !texts.isOver(facts));
    show(by("side"), !isClosed);
    say(by("where"), texts.room(facts));
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
    say(ready, row?.ready ? "Ready (click to undo)" : "I am ready");
    say(by("awaited"), texts.awaited(facts));
    if (this.#auto && !this.#unfit && row !== undefined && !ready.disabled) this.#readyByItself(row);
  }

  /** Declares that the player is ready, once for each setup and group of people, until the room has
   * received it. */
  #readyByItself(row) {
    const { seats } = this.#seat.roster;
    if (row.ready) this.#readyFor = null;
    if (row.ready || seats.length < this.#definition.players.low) return;
    const wanted = JSON.stringify([this.#seat.setup, seats.map(({ user, seat }) => [user, seat])]);
    if (this.#readyFor === wanted) return;
    this.#readyFor = wanted;
    this.#do(this.#seat.ready());
  }

  /** Shows a notice over the game: why it does not continue, and what to do. */
  #clock() {
    const facts = this.#facts;
    const { text, tone } = texts.line(facts);
    say(by("link"), text);
    by("link").dataset.tone = tone;
    showPeople(by("people"), facts);
    const found = texts.notice(facts);
    show(by("veil"), found !== null);
    if (found === null) return;
    by("veil").dataset.tone = found.tone;
    say(by("veil-text"), found.text);
    say(by("veil-more"), found.more);
    const key = found.actions.join();
    if (by("veil-doings").dataset.key === key) return;
    by("veil-doings").dataset.key = key;
    by("veil-doings").replaceChildren(...found.actions.map((action, index) => element("button", {
      type: "button", className: index === 0 ? "primary" : "", text: texts.ACTIONS[action],
      onclick: once(() => this.#act(action)),
    })));
  }
}

/** Shows the people of these facts. Cards are reused, so that only changed texts change. */
function showPeople(list, facts) {
  const users = facts.rows.map(({ user, seat }) => `${user} ${seat}`).join();
  if (list.dataset.users !== users) {
    list.dataset.users = users;
    list.replaceChildren(...facts.rows.map(card));
  }
  for (const [index, row] of facts.rows.entries()) {
    const { text, tone, more } = texts.person(row, facts);
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
