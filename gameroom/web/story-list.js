/**
 * The list of events on each page of a room, newest first. The sentences are in story.js.
 *
 * It knows no room. Sentences are set as text, never as markup.
 */

const STORY_MAX = 200;

export class StoryList {
  /** The current turn, 0 before the first. */
  turn = 0;
  #list;
  #beforeTurns;

  /** list: an ordered list element. beforeTurns: the text shown instead of a turn before the
   * first. */
  constructor(list, beforeTurns = "") {
    this.#list = list;
    this.#beforeTurns = beforeTurns;
  }

  /** Adds one sentence. tone: healthy, slow, broken, or "". */
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
