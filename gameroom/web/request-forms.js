/**
 * The requests that a room file declares, as buttons; those with fields as small forms.
 *
 * It knows no seat: a request that somebody makes is given to `ask`.
 */

import { labelled } from "./fields.js";
import { element, once, words } from "./page.js";

/** Shows these requests of a definition, where they are not shown already. ask: called with (name, body);
 * a button is under way until the promise that it returns is settled. */
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
