/**
 * The form of a room's settings. It knows no seat: what somebody sets is given to `configure`.
 */

import { labelled } from "./fields.js";

export class SetupForm {
  #fields = new Map();
  #known = null;
  /** The settings whose field holds what somebody is typing: news of the setup leave it alone. */
  #typing = new Set();

  /** form: its element. settings: the definition's. configure: called with {setting: value}. */
  constructor(form, settings, configure) {
    form.replaceChildren(...settings.map((one) => this.#row(one, configure)));
    form.onsubmit = (event) => event.preventDefault();
  }

  #row({ name, doc, type }, configure) {
    const made = labelled(name, doc, type, `setting-${name}`);
    made.input.oninput = () => this.#typing.add(name);
    made.input.onchange = () => {
      this.#typing.delete(name);
      if (made.input.checkValidity()) configure({ [name]: made.get() });
      else made.input.reportValidity();
    };
    // Typed, and typed back: nothing was changed here, but others may have changed it.
    made.input.onblur = () => {
      if (this.#typing.delete(name) && this.#known !== null) made.set(this.#known[name]);
    };
    this.#fields.set(name, made);
    return made.row;
  }

  /** Shows these settings; gives those that changed since the last time, as [name, value]. */
  set(settings) {
    const before = this.#known;
    const isNew = ([name, value]) => before !== null && JSON.stringify(before[name]) !== JSON.stringify(value);
    const changed = Object.entries(settings).filter(isNew);
    this.#known = settings;
    for (const [name, value] of Object.entries(settings)) {
      const made = this.#fields.get(name);
      if (!this.#typing.has(name)) made?.set(value);
      made?.row.classList.toggle("fresh", changed.some(([one]) => one === name));
    }
    return changed;
  }

  disable(isDisabled) {
    for (const { input } of this.#fields.values()) input.disabled = isDisabled;
  }
}
