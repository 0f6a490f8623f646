/**
 * The list of what happened, newest first, that every page of a room keeps. Its sentences are in
 * story.js.
 *
 * It knows no room. What it is given is set as text, never as markup.
 */

const STORY_MAX = 200;

export class StoryList {
  /** The turn at which things happen, 0 before the first. */
  turn = 0;
  #list;
  #beforeTurns;

  /** list: an ordered list element; beforeTurns: what stands in place of a turn at first. */
  constructor(list, beforeTurns = "") {
    this.#list = list;
    this.#beforeTurns = beforeTurns;
  }

  /** One sentence; tone: healthy, slow, broken, or nothing. */
  tell({ text, tone = "" }) {
    const line = document.createElement("li");
    const when = document.createElement("span");
    const what = document.createElement("span");
    when.className = "when";
    when.textContent = this.turn > 0 ? `turn ${this.turn}` : this.#beforeTurns;
    what.textContent = text;
    line.className = tone;
    line.append(when, what);
    this.#list.prepend(line);
    while (this.#list.children.length > STORY_MAX) this.#list.lastElementChild.remove();
  }
}
