/**
 * The page that plays a replay: an opened or dropped file, or the replay of a room on this server.
 *
 * It knows no game: engine and view run in the sandbox as they did in the room, and timeline.js
 * reads the turns. `/replay?room=<id>` fetches the replay of a room, with the seat of `profile`.
 * `?file=1` fetches the file that `gameroom replay` serves. `dev=1` is for tests: it sets
 * `window.gameroom.replay` and allows `step_ms`, the time after which an engine counts as hanging.
 * Text from a file is set as text, never as markup.
 */

import { Sandbox } from "/web/sdk/sandbox-host.js";
import { sha256 } from "/web/kit.js";
import { by, element, say, show } from "/web/page.js";
import { Playback, SPEEDS } from "/web/playback.js";
import { BYTES_MAX, readReplay } from "/web/replay-file.js";
import { FACTS, person } from "/web/page-texts.js";
import { plural, words } from "/web/words.js";
import { Timeline } from "/web/timeline.js";

const STORY_MAX = 100;
const MARKS_MAX = 300;
const FAR_TURNS = 10;
/** The cards show people as a spectator of the game saw them. */
const THEN = { ...FACTS, status: "live", started: true };
const wish = new URLSearchParams(location.search);

function notice(text, tone = "") {
  say(by("notice"), text);
  by("notice").className = tone;
}

const clock = (ms) => {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

// ---- one replay on the page ----------------------------------------------------------------

class Player {
  #line;
  #playback;
  #sandbox;
  #timer = null;
  #dragging = false;
  #shown = { roster: null, told: -1 };
  #fault = "";
  #asked = [];
  #closed = false;

  constructor(replay, bytes) {
    const { header, definition, engine, view, kit } = replay;
    this.#line = new Timeline(replay);
    this.bytes = bytes;
    this.name = `${words(definition.name)}-${header.room}.replay`;
    this.#playback = new Playback(this.#line, {
      engine: (order) => this.#sandbox.order(order),
      kill: () => this.#sandbox.kill(),
      tell: (name) => this.#changed(name),
    }, { stepMax: wish.get("dev") === "1" && wish.has("step_ms") ? Number(wish.get("step_ms")) : undefined });
    by("game").replaceChildren();
    this.#sandbox = new Sandbox(by("game"), { engine, view, kit, heard: (said) => this.#heard(said) });
    this.#sandbox.tell({ game: { seat: null, definition, demo: false } });
    if (view === null) notice("This game has no view, so only its turns are shown.", "slow");
    this.#title(header, definition);
    this.#marks();
    const line = by("line");
    line.max = String(this.#line.length);
    line.value = "0";
    this.#problem();
    this.#refresh();
    this.#act((now) => this.#playback.seek(0, now));
  }

  // -- actions of the person --

  get playing() {
    return this.#playback.playing;
  }

  toggle() {
    this.#act((now) => (this.#playback.playing ? this.#playback.pause() : this.#playback.play(now)));
  }

  seek(position) {
    this.#act((now) => this.#playback.seek(position, now));
  }

  step(by_) {
    this.#act((now) => this.#playback.step(by_, now));
  }

  end(isLast) {
    this.#playback.pause();
    this.seek(isLast ? this.#line.length : 0);
  }

  drag(dragging) {
    this.#dragging = dragging;
    this.#refresh();
  }

  speed(speed) {
    this.#act((now) => this.#playback.setSpeed(speed, now));
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#sandbox.close();
  }

  /** For tests: the position, and the engine's checksum there. */
  get state() {
    const { position, playing, verified, differs, failed, isSeeking, kept } = this.#playback;
    return { position, playing, verified, differs, failed, isSeeking, kept, length: this.#line.length, problem: this.#line.problem };
  }

  snapshot() {
    return new Promise((resolve) => {
      this.#asked.push(resolve);
      this.#sandbox.order({ op: "snapshot", epoch: 0 });
    });
  }

  // -- the engine --

  #act(act) {
    if (this.#closed) return;
    act(performance.now());
    clearTimeout(this.#timer);
    const { due } = this.#playback;
    if (due !== null) this.#timer = setTimeout(() => this.#act((now) => this.#playback.tick(now)), Math.max(0, due - performance.now()));
    this.#refresh();
  }

  #heard({ engine, problem }) {
    if (engine?.op === "snapshot") this.#asked.shift()?.(engine);
    else if (engine) this.#act((now) => this.#playback.engineReplied(engine, now));
    else if (problem) {
      this.#fault = `The game's view has an error (${problem.part}): ${problem.detail}`;
      this.#problem();
    }
  }

  #changed(name) {
    if (name === "failed") this.#problem();
    if (name === "differs") this.#problem();
  }

  // -- display --

  #title(header, definition) {
    document.title = `${definition.name}: replay`;
    say(by("name"), words(String(definition.name)));
    const made = Number.isSafeInteger(header.created) && header.created > 0 ? new Date(header.created).toLocaleString() : "";
    const length = `${plural(this.#line.length, "turn")}, ${clock(this.#line.time(this.#line.length))}`;
    say(by("about"), [made, length].filter(Boolean).join(" · "));
  }

  /** The worst known problem of the file, the engine or the view. */
  #problem() {
    const { failed, differs } = this.#playback;
    if (failed !== null) notice(`The game's engine failed at turn ${failed.generation}: ${failed.detail}.`, "broken");
    else if (differs !== null) {
      notice(`From turn ${differs.generation} on, this is not the game that was played. The checksum here is ${differs.own}, but the players agreed on ${differs.agreed}.`, "broken");
    } else if (this.#line.problem !== null) notice(this.#line.problem, "broken");
    else if (this.#line.length === 0) notice("No turn was played in this room, so there is nothing to show.", "slow");
    else if (this.#fault !== "") notice(this.#fault, "slow");
  }

  /** The marks above the timeline. Of overlapping marks of one kind, only one is shown. */
  #marks() {
    const seen = new Set();
    const made = [];
    const { length, marks } = this.#line;
    for (const { position, kind } of marks) {
      const place = length === 0 ? 0 : Math.round((position / length) * MARKS_MAX);
      const key = `${kind} ${place}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const mark = element("span", { className: "mark", "data-kind": kind });
      mark.style.left = `${(place / MARKS_MAX) * 100}%`;
      made.push(mark);
    }
    by("marks").replaceChildren(...made);
  }

  #refresh() {
    const line = this.#line;
    const { position, playing, isSeeking, atEnd } = this.#playback;
    const at = `turn ${line.generation(position)} of ${line.generation(line.length)}`;
    const time = `${clock(line.time(position))} of ${clock(line.time(line.length))}`;
    say(by("place"), `${isSeeking ? "seeking: " : ""}${at} · ${time}`);
    by("line").setAttribute("aria-valuetext", `${at}, ${time}`);
    if (!this.#dragging && !isSeeking) by("line").value = String(position);
    say(by("play"), playing ? "Pause" : atEnd && line.length > 0 ? "Play again" : "Play");
    by("back").disabled = position === 0;
    by("on").disabled = atEnd;
    by("play").disabled = line.length === 0 || this.#playback.failed !== null;
    this.#verdict();
    this.#people(line.roster(position));
    this.#story(position);
  }

  #verdict() {
    const { verified, differs } = this.#playback;
    const verdict = differs !== null ? "differs" : verified > 0 ? "same" : "open";
    by("verdict").dataset.verdict = verdict;
    const open = this.#line.agreed.size === 0 ? "no checksums to compare" : "nothing verified yet";
    say(by("verdict"), { differs: `differs at turn ${differs?.generation}`, same: `verified up to turn ${verified}`, open }[verdict]);
  }

  #people(roster) {
    if (this.#shown.roster === roster) return;
    this.#shown.roster = roster;
    by("people").replaceChildren(...roster.seats.map((row) => {
      const { text, tone, more } = person(row, THEN);
      const swatch = element("span", { className: "swatch" });
      swatch.style.background = `var(--seat-${row.seat % 8})`;
      return element("li", {}, swatch, element("span", { className: "who", text: row.name }),
        element("span", { className: "presence", "data-tone": tone, text }),
        element("span", { className: "what", text: more }));
    }));
    say(by("watching"), roster.spectators > 0 ? `${roster.spectators} watching` : "");
  }

  /** The story up to here, newest first. Each line links to its turn. */
  #story(position) {
    const told = this.#line.told(position, STORY_MAX);
    const key = `${told.length} ${this.#line.marks.indexOf(told[0])}`;
    if (this.#shown.told === key) return;
    this.#shown.told = key;
    by("story").replaceChildren(...told.map(({ position: at, text, tone }) => {
      const when = element("span", { className: "when", text: at > 0 ? `turn ${this.#line.generation(at)}` : "setup" });
      const button = element("button", { type: "button", title: "Go to this turn", onclick: () => this.seek(at) }, when, element("span", { text }));
      return element("li", { className: tone }, button);
    }));
  }
}

// ---- loading a replay ----------------------------------------------------------------------

let player = null;

function open(bytes, { canSave = false } = {}) {
  try {
    const replay = readReplay(bytes);
    checkCode(replay);
    const before = player;
    player = null;
    before?.close();
    notice("");
    document.body.dataset.phase = "playing";
    for (const [id, shown] of [["welcome", false], ["stage", true], ["controls", true], ["side", true], ["save", canSave]]) show(by(id), shown);
    player = new Player(replay, bytes);
    if (wish.get("dev") === "1") window.gameroom = { replay: player };
    player.speed(Number(by("speed").value));
    by("play").focus({ preventScroll: true });
  } catch (error) {
    notice(error.message, "broken");
  }
}

/** Checks that the code in the file is the code that was played. */
function checkCode({ header, engine, view, kit }) {
  const hash = (source) => sha256(new TextEncoder().encode(source));
  if (hash(engine) !== header.engine) throw new Error("The engine in this file is not the one that was used in the game, so it is not run.");
  if (view !== null && hash(view) !== header.view) throw new Error("The view in this file is not the one that was used in the game, so it is not run.");
  if (kit !== null && hash(kit) !== header.kit) throw new Error("The kit in this file is not the one that was used in the game, so it is not run.");
}

async function openFile(file) {
  if (file === undefined) return;
  if (file.size > BYTES_MAX) notice(`${file.name} is too large for a browser: ${Math.round(file.size / 1e6)} MB.`, "broken");
  else open(new Uint8Array(await file.arrayBuffer()));
}

async function fetchReplay(url) {
  show(by("welcome"), false);
  notice("Loading the replay…");
  const response = await fetch(url, { credentials: "same-origin", cache: "no-store" });
  if (response.ok) {
    open(new Uint8Array(await response.arrayBuffer()), { canSave: true });
    return;
  }
  const said = await response.json().catch(() => null);
  const why = said?.detail ?? `${response.status} ${response.statusText}`;
  const hint = response.status === 404 ? " A room is removed soon after it ends. A saved replay can be played at any time." : "";
  throw new Error(`${why}${hint}`);
}

function begin() {
  const room = wish.get("room");
  const profile = wish.get("profile") ?? "0";
  const url = room !== null ? `/rooms/${encodeURIComponent(room)}/replay?${new URLSearchParams({ profile })}`
    : wish.get("file") === "1" ? "/replay/file" : null;
  if (url === null) return;
  fetchReplay(url).catch((error) => {
    notice(error.message, "broken");
    show(by("welcome"), true);
  });
}

// ---- the page ------------------------------------------------------------------------------

by("speed").append(...SPEEDS.map((speed) => element("option", {
  value: String(speed), selected: speed === 1, text: Number.isFinite(speed) ? `${speed}×` : "maximum",
})));
by("speed").onchange = () => player?.speed(Number(by("speed").value));
by("play").onclick = () => player?.toggle();
by("back").onclick = () => player?.step(-1);
by("on").onclick = () => player?.step(1);
by("file").onchange = () => openFile(by("file").files[0]);
by("other").onclick = () => by("file").click();
by("save").onclick = () => {
  const url = URL.createObjectURL(new Blob([player.bytes]));
  element("a", { href: url, download: player.name }).click();
  URL.revokeObjectURL(url);
};

const line = by("line");
line.oninput = () => player?.seek(Number(line.value));
line.onpointerdown = () => player?.drag(true);
addEventListener("pointerup", () => player?.drag(false));
addEventListener("pointercancel", () => player?.drag(false));

const KEYS = {
  " ": () => player.toggle(),
  ArrowLeft: (event) => player.step(event.shiftKey ? -FAR_TURNS : -1),
  ArrowRight: (event) => player.step(event.shiftKey ? FAR_TURNS : 1),
  Home: () => player.end(false),
  End: () => player.end(true),
};
addEventListener("keydown", (event) => {
  const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : undefined;
  const { target } = event;
  if (act === undefined || player === null || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest("select") || target.type === "file") return;
  // If a button has the focus, the space key presses that button.
  if (event.key === " " && target.closest("button, a")) return;
  event.preventDefault();
  act(event);
});

let dragged = 0;
const dropping = (change) => {
  dragged = Math.max(0, change === 0 ? 0 : dragged + change);
  document.body.classList.toggle("dropping", dragged > 0);
};
addEventListener("dragenter", () => dropping(1));
addEventListener("dragleave", () => dropping(-1));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  dropping(0);
  openFile(event.dataTransfer.files[0]);
});

begin();
