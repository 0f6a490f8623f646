/**
 * A room's statechart on a page: the server's picture, with classes switched on it.
 *
 * Knows the ids of the picture (`state-<path>`, `transition-<number>`) and nothing of rooms.
 * Colours are the page's style sheet's. The picture is read as XML and taken in node by
 * node, so nothing that a room file says can become a script.
 */

const GLOW_MS = 500;

/** Fetches the picture into `place`. What comes back lights states and makes transitions glow. */
export async function showChart(place, url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`the chart is not to be had: ${response.status}`);
  const picture = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
  if (picture.localName !== "svg") throw new Error("the chart is not a picture");
  place.replaceChildren(document.importNode(picture, true));
  const svg = place.firstElementChild;
  const find = (id) => svg.querySelector(`#${CSS.escape(id)}`);
  return {
    svg,
    light(states) {
      for (const lit of svg.querySelectorAll(".state.active")) lit.classList.remove("active");
      for (const path of states) find(`state-${path}`)?.classList.add("active");
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
