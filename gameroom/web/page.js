/**
 * What every page does with its document. It knows no room; texts are set as text, never as markup.
 */

export const by = (id) => document.getElementById(id);

/** A name of a room file as people read it. */
export const words = (name) => name.replaceAll("_", " ");

export const show = (target, shown) => { target.hidden = !shown; };

/** Somebody else's text inside a sentence: one from right to left leaves the rest of it in place. */
export const isolated = (text) => (/^[\x20-\x7e]*$/.test(text) ? text : `\u2068${text}\u2069`);

/** Changes text only when it differs: a live region speaks at every change. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** A new element with these properties (attributes where the name is one), text and children. */
export function element(name, { text, ...rest } = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith("data-") || key.startsWith("aria-") || key === "for") made.setAttribute(key, value);
    else made[key] = value;
  }
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}
