/**
 * What every page does with its document. It knows no room; texts are set as text, never as markup.
 */

export const by = (id) => document.getElementById(id);

export const show = (target, shown) => { target.hidden = !shown; };

/** Which part of the page is shown: its style sheet knows the names. */
export const phase = (name) => { document.body.dataset.phase = name; };

/** A handler for presses that start something: one while it is under way starts nothing. */
export function once(act) {
  let isUnderWay = false;
  return async (event) => {
    if (isUnderWay) {
      event?.preventDefault();
      return;
    }
    isUnderWay = true;
    try {
      await act(event);
    } finally {
      isUnderWay = false;
    }
  };
}

/** Leaves this page by `go`: under way until it is shown again, from the browser's memory. */
export const leaving = (go) => new Promise((isBack) => {
  addEventListener("pageshow", isBack, { once: true });
  go();
});

export const reload = () => leaving(() => location.reload());

/** However fast the first press was answered: a double click, or a key that is held, is one press, even
 * where another button lies below the pointer by now. `data-repeats` marks buttons that are meant to
 * be pressed in a row. */
function onlyFirst(event) {
  const isFirst = event.type === "click" ? event.detail < 2 : !event.repeat || event.key !== "Enter";
  if (isFirst || event.target.closest("button:not([data-repeats])") === null) return;
  event.preventDefault();
  event.stopPropagation();
}
for (const type of ["click", "keydown"]) globalThis.document?.addEventListener(type, onlyFirst, true);

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
