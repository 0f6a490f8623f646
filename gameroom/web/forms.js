/**
 * Forms for the declarations of a room file: the settings of a room, and its requests.
 *
 * It knows no seat: callbacks receive the settings and requests. All text of a room file is set as
 * text, never as markup.
 */

import { element, once } from "./page.js";
import { words } from "./words.js";

// ---- fields ------------------------------------------------------------------------------------

/** An input for a value of this type: {input, get(), set(value)}. */
function field(type, id) {
  const input = element(type.kind === "choice" ? "select" : "input", { id });
  switch (type.kind) {
    case "choice":
      input.append(...type.choices.map((choice) => element("option", { value: choice, text: choice })));
      return { input, get: () => input.value, set: (value) => { input.value = value; } };
    case "bool":
      input.type = "checkbox";
      return { input, get: () => input.checked, set: (value) => { input.checked = value; } };
    case "int":
      Object.assign(input, { type: "number", min: type.low, max: type.high, step: 1, inputMode: "numeric", required: true });
      return { input, get: () => input.valueAsNumber, set: (value) => { input.value = value; }, hint: `${type.low} to ${type.high}` };
    case "list": {
      const one = field(type.item, `${id}-item`);
      const read = (part) => {
        if (type.item.kind === "int") return Number(part);
        return type.item.kind === "bool" ? part === "true" : part;
      };
      return {
        input,
        get: () => input.value.split(",").map((part) => part.trim()).filter((part) => part !== "").map(read),
        set: (value) => { input.value = value.join(", "); },
        hint: `${type.low} to ${type.high}, with commas between${one.hint ? `, each ${one.hint}` : ""}`,
      };
    }
    default:
      Object.assign(input, { type: "text", maxLength: type.high, minLength: type.low, autocomplete: "off" });
      return { input, get: () => input.value, set: (value) => { input.value = value; }, hint: `${type.low} to ${type.high} characters` };
  }
}

/** A field with its name and help: {input, get(), set(value), row}. row: the element of it all. */
function labelled(name, doc, type, id) {
  const made = field(type, id);
  const label = element("label", { for: id, text: words(name) });
  const help = element("small", { id: `${id}-help`, text: [doc, made.hint].filter(Boolean).join(" · ") });
  made.input.setAttribute("aria-describedby", help.id);
  const parts = type.kind === "bool" ? [made.input, label, help] : [label, made.input, help];
  return { ...made, row: element("div", { className: type.kind === "bool" ? "setting flag" : "setting" }, ...parts) };
}

// ---- the settings ------------------------------------------------------------------------------

/** The form of a room's settings. */
export class SetupForm {
  #fields = new Map();
  #known = null;
  /** The settings that the person is editing. Changes by others do not overwrite their fields. */
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
    // The person restored the old value. In the meantime others can have changed the setting.
    made.input.onblur = () => {
      if (this.#typing.delete(name) && this.#known !== null) made.set(this.#known[name]);
    };
    this.#fields.set(name, made);
    return made.row;
  }

  /** Shows these settings. Returns those that changed since the last call, as [name, value]. */
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

// ---- the requests, as buttons; those with fields as small forms ---------------------------------

/** Shows these requests of a definition, unless they are already shown. ask: called with (name,
 * body). It returns a promise, and the button is inactive until that promise is settled. */
export function showRequests(target, requests, ask) {
  const key = requests.map(({ name }) => name).join(" ");
  if (target.dataset.open === key) return;
  target.dataset.open = key;
  target.replaceChildren(...requests.flatMap((request) => buttons(request, ask)));
}

function buttons({ name, doc, fields }, ask) {
  const button = (label, body) => element("button", { type: "button", text: label, title: doc, onclick: once(() => ask(name, body)) });
  const title = words(name).replace(/^./, (first) => first.toUpperCase());
  if (fields.length === 0) return [button(title, {})];
  if (fields.length === 1 && fields[0].type.kind === "choice") {
    return fields[0].type.choices.map((choice) => button(`${title}: ${words(choice)}`, { [fields[0].name]: choice }));
  }
  const rows = fields.map((one) => [one.name, labelled(one.name, one.doc, one.type, `request-${name}-${one.name}`)]);
  const form = element("form", { className: "request" }, ...rows.map(([, made]) => made.row),
    element("button", { type: "submit", text: title }));
  form.onsubmit = once((event) => {
    event.preventDefault();
    return ask(name, Object.fromEntries(rows.map(([key, made]) => [key, made.get()])));
  });
  return [form];
}
