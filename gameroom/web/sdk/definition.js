/**
 * What a room's published definition says: policies, permissions, and the types of fields.
 *
 * It knows no packet and no clock. The rule it keeps: the server judges by the same rules, and its
 * word counts; the client asks them to say at once what the server would refuse.
 */

/** @import { Declared, Definition, FieldType } from "../gameroom.js" */

/** What the active states say of `name` for somebody of these kinds: allow, deny, ignore or
 * unsaid. Along each active leaf's path the last word decides; across leaves deny beats allow
 * beats ignore.
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

/** Why `value` is not of this type, as the end of a sentence; null if it is. The server judges
 * by the same rules; here they keep out what could not even be written, like half a pixel.
 * @param {FieldType} type
 * @param {any} value
 * @returns {string | null} */
export function misfit(type, value) {
  switch (type.kind) {
    case "int":
      if (!Number.isSafeInteger(value)) return `is not a whole number from ${type.low} to ${type.high}`;
      return value < type.low || value > type.high ? `is ${value}, not from ${type.low} to ${type.high}` : null;
    case "bool":
      return typeof value === "boolean" ? null : "is not true or false";
    case "choice":
      return type.choices.includes(value) ? null : `is not one of ${type.choices.map((one) => `"${one}"`).join(", ")}`;
    case "string": {
      if (typeof value !== "string") return `is not a text of ${type.low} to ${type.high} characters`;
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
      return index < 0 ? null : `has an item ${index} that ${why[index]}`;
    }
  }
}

/** Why `body` has not exactly these fields, or null.
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

/** A policy of the room, as its definition states it: a client has no default of its own.
 * @param {Definition} definition
 * @param {string[]} path */
export function policyOf({ policies }, ...path) {
  const value = path.reduce((/** @type {any} */ said, key) => said?.[key], policies);
  if (!Number.isSafeInteger(value)) throw new TypeError(`the definition: policies.${path.join(".")} is not a whole number`);
  return value;
}

/** How many commands one turn carries. */
export const perTurnMax = (/** @type {Definition} */ definition) => policyOf(definition, "limits", "commands_per_turn");
