/**
 * Inputs for what a room file declares: the settings of a room, and the fields of a request.
 *
 * It knows no room and no seat. What a room file says is set as text, never as markup.
 */

import { element, words } from "./page.js";

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

/** A field with its name and help: {input, get(), set(value), row}, `row` being the element for all. */
export function labelled(name, doc, type, id) {
  const made = field(type, id);
  const label = element("label", { for: id, text: words(name) });
  const help = element("small", { id: `${id}-help`, text: [doc, made.hint].filter(Boolean).join(" · ") });
  made.input.setAttribute("aria-describedby", help.id);
  const parts = type.kind === "bool" ? [made.input, label, help] : [label, made.input, help];
  return { ...made, row: element("div", { className: type.kind === "bool" ? "setting flag" : "setting" }, ...parts) };
}
