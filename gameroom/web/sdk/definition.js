/**
 * Reads a room's published definition (policies, permissions, types of fields) and the meaning of
 * close codes.
 *
 * It knows no packet and no clock. The rule: the server checks the same rules, and its decision
 * counts. The client checks them only to report at once what the server would refuse.
 */

/** @import { Declared, Definition, FieldType } from "../gameroom.js" */

/** The permission of the active states for `name` and a person of these kinds: allow, deny, ignore
 * or unsaid. Along the path of each active leaf the last permission counts. Across leaves, deny
 * overrides allow, and allow overrides ignore.
 * @param {Definition} definition
 * @param {readonly string[]} states
 * @param {string} name
 * @param {ReadonlySet<string>} kinds */
export function ruling(definition, states, name, kinds) {
  const byPath = new Map(definition.states.map((state) => [state.path, state]));
  const leaves = states.filter((path) => !states.some((other) => other.startsWith(`${path}.`)));
  const said = leaves.map((leaf) => {
    let last = "unsaid";
    const parts = leaf.split(".");
    const line = parts.map((_, i) => byPath.get(parts.slice(0, i + 1).join("."))?.permissions);
    for (const permission of [definition.permissions, ...line].flatMap((list) => list ?? [])) {
      const meant = permission.who.some((who) => who === "anyone" || kinds.has(who));
      if (meant && permission.names.includes(name)) last = permission.effect;
    }
    return last;
  });
  return ["deny", "allow", "ignore"].find((word) => said.includes(word)) ?? "unsaid";
}

/** Why `value` is not of this type, as the end of a sentence; null if it is. The server checks the
 * same rules. Here they reject values that cannot be encoded, such as half a pixel.
 * @param {FieldType} type
 * @param {any} value
 * @returns {string | null} */
export function misfit(type, value) {
  switch (type.kind) {
    case "int":
      if (!Number.isSafeInteger(value)) return `is not a whole number from ${type.low} to ${type.high}`;
      return value < type.low || value > type.high ? `is ${value}, outside ${type.low}..${type.high}` : null;
    case "bool":
      return typeof value === "boolean" ? null : "is not true or false";
    case "choice":
      return type.choices.includes(value) ? null : `is not one of ${type.choices.map((one) => `"${one}"`).join(", ")}`;
    case "string": {
      if (typeof value !== "string") return `is not a string of ${type.low} to ${type.high} characters`;
      const size = [...value].length;
      if (size < type.low || size > type.high) return `has ${size} characters, not ${type.low} to ${type.high}`;
      return /\p{Surrogate}/u.test(value) ? "has a lone surrogate" : null;
    }
    default: {
      if (!Array.isArray(value)) return `is not a list of ${type.low} to ${type.high} items`;
      if (value.length < type.low || value.length > type.high) {
        return `has ${value.length} items, not ${type.low} to ${type.high}`;
      }
      const why = value.map((item) => misfit(type.item, item));
      const index = why.findIndex((one) => one !== null);
      return index < 0 ? null : `has item ${index}, which ${why[index]}`;
    }
  }
}

/** Why `body` does not have exactly these fields, or null.
 * @param {Declared["fields"]} fields
 * @param {unknown} body */
export function misfitBody(fields, body) {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return "the body is not a map";
  const given = /** @type {Record<string, unknown>} */ (body);
  for (const { name, type } of fields) {
    if (!Object.hasOwn(given, name)) return `\`${name}\` is missing`;
    const why = misfit(type, given[name]);
    if (why !== null) return `\`${name}\` ${why}`;
  }
  const extra = Object.keys(body).filter((key) => !fields.some(({ name }) => name === key));
  return extra.length === 0 ? null : `\`${extra.map((key) => key.slice(0, 40)).sort()[0]}\` is not a field`;
}

/** A policy in the definition of the room. Clients have no defaults for policies.
 * @param {Definition} definition
 * @param {string[]} path */
export function policyOf({ policies }, ...path) {
  const value = path.reduce((/** @type {any} */ said, key) => said?.[key], policies);
  if (!Number.isSafeInteger(value)) throw new TypeError(`the definition: policies.${path.join(".")} is not a whole number`);
  return value;
}

/** The maximum number of commands in one packet. */
export const perTurnMax = (/** @type {Definition} */ definition) => policyOf(definition, "limits", "commands_per_turn");

// ---- why a socket was closed; the same table as in gameroom/wire/close.py -----------------------

/** @typedef {"at once" | "later" | "by hand" | "never"} Again */

/** @type {Record<number, [Again, string]>} */
const CLOSINGS = {
  1000: ["never", "the connection was closed"],
  1001: ["later", "the server is shutting down"],
  1002: ["never", "a frame broke the WebSocket protocol"],
  1003: ["never", "the message has the wrong type for the subprotocol: text or binary"],
  1006: ["at once", "the connection was lost"],
  1008: ["never", "a message broke a rule of the protocol"],
  1009: ["never", "a message was too large"],
  1011: ["later", "the server had an internal error"],
  1012: ["later", "the server is restarting"],
  1013: ["later", "the server is full, or its storage does not work"],
  4000: ["at once", "the first frame did not arrive in time"],
  4001: ["by hand", "this seat is now open in another window"],
  4002: ["at once", "this page read events too slowly"],
  4003: ["later", "this page sent too many frames"],
  4100: ["never", "you left the room"],
  4101: ["never", "you were dropped from the room"],
  4102: ["never", "the room has ended"],
  4103: ["never", "your place in this room no longer exists"],
  4104: ["never", "there is no such room"],
};

/** When to reconnect after this code (at once, later, by hand, never), and its meaning.
 * @param {number} code */
export function closing(code) {
  const [again, meaning] = CLOSINGS[code] ?? (code >= 4100 ? CLOSINGS[4101] : CLOSINGS[1001]);
  return { again, meaning };
}
