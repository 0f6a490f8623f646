/**
 * Document functions for all pages. It knows no room. Texts are set as text, never as markup.
 */

export const by = (id) => document.getElementById(id);

export const show = (target, shown) => { target.hidden = !shown; };

/** Sets which part of the page is visible. The style sheet knows the names. */
export const phase = (name) => { document.body.dataset.phase = name; };

/** A handler for a button with an asynchronous action. It ignores presses during the action. */
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

/** Leaves this page by calling `go`. Resolves if the browser shows this page again from its
 * cache. */
export const leaving = (go) => new Promise((isBack) => {
  addEventListener("pageshow", isBack, { once: true });
  go();
});

export const reload = () => leaving(() => location.reload());

/** Treats a double click or a held key as one press, even if the first press was handled quickly
 * and another button is under the pointer by now. `data-repeats` marks buttons that people press
 * several times in a row. */
function onlyFirst(event) {
  const isFirst = event.type === "click" ? event.detail < 2 : !event.repeat || event.key !== "Enter";
  if (isFirst || event.target.closest("button:not([data-repeats])") === null) return;
  event.preventDefault();
  event.stopPropagation();
}
for (const type of ["click", "keydown"]) globalThis.document?.addEventListener(type, onlyFirst, true);

/** Sets a text only if it differs: screen readers announce each change of a live region. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** A new element with these properties (or attributes: data-, aria-, for), text and children. */
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
