/**
 * What happens, told in sentences, newest first: the list that every page of a room keeps.
 *
 * It knows no room. What it is given is set as text, never as markup.
 */

const STORY_MAX = 200;

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** "ann", "ann and bob", "ann, bob and cid". */
export const listed = (names) =>
  (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

export class Story {
  /** The turn at which things happen, 0 before the first. */
  turn = 0;
  #list;
  #beforeTurns;

  /** list: an ordered list element; beforeTurns: what stands in place of a turn at first. */
  constructor(list, beforeTurns = "") {
    this.#list = list;
    this.#beforeTurns = beforeTurns;
  }

  /** tone: healthy, slow, broken, or nothing. */
  tell(sentence, tone = "") {
    const line = document.createElement("li");
    const when = document.createElement("span");
    const what = document.createElement("span");
    when.className = "when";
    when.textContent = this.turn > 0 ? `turn ${this.turn}` : this.#beforeTurns;
    what.textContent = sentence;
    line.className = tone;
    line.append(when, what);
    this.#list.prepend(line);
    while (this.#list.children.length > STORY_MAX) this.#list.lastElementChild.remove();
  }
}
