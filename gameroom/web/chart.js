/**
 * A room's statechart on a page: the server's picture, with classes that show its current state.
 *
 * Knows the ids in the picture (`state-<path>`, `transition-<number>`) and the timers at the edges
 * of its states (`data-ms`, `data-turns`), but no rooms. The page's style sheet sets the colours.
 * The picture is parsed as XML and imported node by node, so text of a room file cannot become a
 * script.
 */

const GLOW_MS = 500;

/**
 * Fetches the picture into `place`. Returns an object that highlights states and transitions and
 * shows timers. A timer in milliseconds runs from the moment when `light` reports that its state
 * was entered. A timer in turns advances with each call of `turn`. If a state was already active at
 * the start, its time of entry is unknown, and its timer stays hidden.
 */
export async function showChart(place, url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`the chart cannot be loaded: ${response.status}`);
  const picture = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
  if (picture.localName !== "svg") throw new Error("the chart is not an SVG picture");
  place.replaceChildren(document.importNode(picture, true));
  const svg = place.firstElementChild;
  const find = (id) => svg.querySelector(`#${CSS.escape(id)}`);
  return {
    svg,
    light(states, entered = [], generation = 0) {
      for (const lit of svg.querySelectorAll(".state.active")) lit.classList.remove("active");
      for (const path of states) find(`state-${path}`)?.classList.add("active");
      for (const timer of svg.querySelectorAll(".state:not(.active) > .timer")) timer.classList.remove("draining");
      for (const path of entered) drain(find(`state-${path}`)?.querySelector(":scope > .timer"), generation);
    },
    turn(generation) {
      for (const timer of svg.querySelectorAll(".timer.draining[data-turns]")) {
        timer.style.strokeDashoffset = passed(timer, generation);
      }
    },
    glow(number) {
      const arrow = find(`transition-${number}`);
      if (!arrow) return;
      arrow.classList.remove("taken");
      void arrow.getBBox();
      arrow.classList.add("taken");
      setTimeout(() => arrow.classList.remove("taken"), GLOW_MS);
    },
  };
}

/** Restarts a timer. CSS animates a timer in milliseconds. */
function drain(timer, generation) {
  if (!timer) return;
  timer.classList.remove("draining");
  void timer.getBBox();
  timer.classList.add("draining");
  timer.dataset.since = generation;
  if (timer.dataset.ms) timer.style.animationDuration = `${timer.dataset.ms}ms`;
  else timer.style.strokeDashoffset = 0;
}

/** The elapsed fraction of a timer in turns, 0 to 1. */
function passed({ dataset }, generation) {
  return Math.min(1, Math.max(0, (generation - dataset.since) / dataset.turns));
}
