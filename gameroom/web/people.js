/**
 * The list of who is in the room, a card for each. What is said of them is for situations.js to say.
 */

import { element, say } from "./page.js";
import { person } from "./situations.js";

/** Shows the people of these facts. The cards stay where they are, so that a word that changes is all
 * that changes. */
export function showPeople(list, facts) {
  const users = facts.rows.map(({ user, seat }) => `${user} ${seat}`).join();
  if (list.dataset.users !== users) {
    list.dataset.users = users;
    list.replaceChildren(...facts.rows.map(card));
  }
  for (const [index, row] of facts.rows.entries()) {
    const { text, tone, more } = person(row, facts);
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
