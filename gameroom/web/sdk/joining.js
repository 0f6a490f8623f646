/**
 * Joining a room over HTTP: fetching the room, our place in it, and taking a place.
 *
 * The rule: one attempt takes one place, even if its answer is lost.
 */

import { get, post } from "./http.js";
import { RoomError } from "./problem.js";
import { verified } from "./sandbox-host.js";
import { Seat } from "./seat.js";

/** @import { JoinOptions, Picture, Place, Where } from "../gameroom.js" */

/** @param {Where} where */
function roomOf({ url, id }) {
  const at = new URL(url ?? `/join/${id}`, document.baseURI);
  const room = id ?? at.searchParams.get("game_id") ?? decodeURIComponent(at.pathname.split("/").pop() ?? "");
  return { origin: at.origin, room };
}

/** The room before joining: definition, setup, roster, seed, engine and view links.
 * @param {Where} where
 * @returns {Promise<Picture>} */
export function look(where) {
  const { origin, room } = roomOf(where);
  return get(`${origin}/join/${encodeURIComponent(room)}`);
}

/** Who this browser already is in the room, or null.
 * @param {Where & { profile?: string }} where
 * @returns {Promise<Place | null>} */
export async function whoAmI({ profile = "0", ...where }) {
  const { origin, room } = roomOf(where);
  try {
    return await get(`${origin}/rooms/${encodeURIComponent(room)}/players/me?profile=${profile}`);
  } catch (error) {
    if (error instanceof RoomError && [401, 403, 404].includes(error.problem.status)) return null;
    throw error;
  }
}

/** The keys of unanswered joins, by URL and request.
 * @type {Map<string, string>} */
const unanswered = new Map();

/** Takes a place. If the answer is lost, the same attempt is sent once more. An equal join before
 * the answer belongs to the same attempt. So none of them takes a second place.
 * @param {string} place
 * @param {{ name?: string, spectate?: boolean, team?: string }} wish */
async function take(place, wish) {
  const attempt = JSON.stringify([place, wish]);
  const key = unanswered.get(attempt) ?? drawnKey();
  unanswered.set(attempt, key);
  const send = () => post(place, { ...wish, idempotency_key: key });
  const isRefusal = (/** @type {unknown} */ error) => error instanceof RoomError;
  try {
    await send().catch((error) => (isRefusal(error) ? Promise.reject(error) : send()));
  } catch (error) {
    if (isRefusal(error)) unanswered.delete(attempt);
    throw error;
  }
  unanswered.delete(attempt);
}

/** 128 random bits. */
function drawnKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Joins a room, or returns to the seat that this browser already has there.
 * See gameroom.d.ts for the options and the methods of a Seat.
 * @param {JoinOptions} options
 * @returns {Promise<Seat>}
 */
export async function join({ url, id, name, spectate = false, team, profile = "0", view = null, subprotocol, dev = {} }) {
  const { origin, room } = roomOf({ url, id });
  const picture = await look({ url, id });
  const place = `${origin}/rooms/${encodeURIComponent(room)}/players?profile=${profile}`;
  const wish = { ...(name ? { name } : {}), ...(spectate ? { spectate } : {}), ...(team ? { team } : {}) };
  await take(place, wish);
  const [engine, viewSource, kit] = await Promise.all([
    verified(picture.engine, origin), picture.view && verified(picture.view, origin), picture.kit && verified(picture.kit, origin),
  ]);
  return new Seat({ origin, room, picture, profile, element: view, engine, viewSource, kit, subprotocol, dev });
}
