/**
 * Formats words and names inside sentences. It knows no page and no document.
 */

/** A name from a room file in readable form. */
export const words = (name) => name.replaceAll("_", " ");

/** A person's text inside a sentence, isolated so that right-to-left text does not reorder the
 * rest. */
export const isolated = (text) => (/^[\x20-\x7e]*$/.test(text) ? text : `\u2068${text}\u2069`);

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** "ann", "ann and bob", "ann, bob and cid". */
export const listed = (names) =>
  (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** The name of a seat. For people seats count from 1, in packets and engines from 0. */
export const seatName = (seat) => `seat ${seat + 1}`;

/** The name of the person in a row, or "you" for the own seat. */
export const called = ({ seat, name }, own) => (seat === own && own !== null ? "you" : isolated(name));

export const areOrIs = (name) => (name === "you" ? "are" : "is");
export const possessive = (name) => (name === "you" ? "your" : `${name}'s`);

/** The people who left a game before its end, as text. */
export const leavers = ({ left = [] }) => (left.length > 0 ? `left before the end: ${left.map(isolated).join(", ")}` : "");
