/**
 * Words and names inside sentences. It knows no page and no document.
 */

/** A name of a room file as people read it. */
export const words = (name) => name.replaceAll("_", " ");

/** Somebody else's text inside a sentence: one from right to left leaves the rest of it in place. */
export const isolated = (text) => (/^[\x20-\x7e]*$/.test(text) ? text : `\u2068${text}\u2069`);

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** "ann", "ann and bob", "ann, bob and cid". */
export const listed = (names) =>
  (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** A seat in words: people count from 1, packets and engines from 0. */
export const seatName = (seat) => `seat ${seat + 1}`;

/** How this page calls whoever has the row. */
export const called = ({ seat, name }, own) => (seat === own && own !== null ? "you" : isolated(name));

export const areOrIs = (name) => (name === "you" ? "are" : "is");
export const possessive = (name) => (name === "you" ? "your" : `${name}'s`);

/** Who left a game before its end, in words. */
export const leavers = ({ left = [] }) => (left.length > 0 ? `left before the end: ${left.map(isolated).join(", ")}` : "");
