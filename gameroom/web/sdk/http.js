/**
 * What a page asks of the server over HTTP, as whoever this browser is there.
 *
 * It knows no room. The rule it keeps: a refusal is a RoomError with the server's own words; any
 * other error says that no answer came.
 */

import { RoomError } from "./problem.js";

/** @import { Evidence, SeatEvents } from "../gameroom.js" */

/** The answer's body, null where it has none. body: JSON already, as text or bytes.
 * @param {string} method
 * @param {string} url
 * @param {string | Uint8Array<ArrayBuffer>} [body]
 * @returns {Promise<any>} */
export async function send(method, url, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(url, { method, headers, credentials: "same-origin", cache: "no-store", body });
  const said = await response.json().catch(() => null);
  if (response.ok) return said;
  throw new RoomError(said ?? { status: response.status, code: "unknown", detail: response.statusText });
}

/** @param {string} url */
export const get = (url) => send("GET", url);

/** @param {string} url
 * @param {object} value */
export const post = (url, value) => send("POST", url, JSON.stringify(value));

/** The bytes at this address, null where they could not be had.
 * @param {string} url */
export async function bytesAt(url) {
  try {
    const response = await fetch(url, { credentials: "same-origin", cache: "no-store" });
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

/** Sends JSON, which is bytes already, packed. A refusal is passed over.
 * @param {string} url
 * @param {Uint8Array<ArrayBuffer>} bytes */
export async function putPacked(url, bytes) {
  const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  const body = await new Response(packed).arrayBuffer();
  await fetch(url, { method: "PUT", headers, body, credentials: "same-origin" });
}

/** Hands the server what the engine was at a generation that was judged: first the hashes of
 * its parts, then, where it is wanted, the state. What comes of it; never throws.
 * @param {Evidence} evidence
 * @param {(path: string, body: string | Uint8Array) => Promise<{ state: boolean, again_ms?: number | null }>} put
 * @param {(ms: number) => Promise<unknown>} wait
 * @returns {Promise<SeatEvents["testified"]>} */
export async function testify(evidence, put, wait = (ms) => new Promise((go) => setTimeout(go, ms))) {
  const { of, generation, parts, state, why } = evidence;
  const said = { of, generation, parts: 0, bytes: 0, why };
  const words = JSON.stringify({ generation, parts, why, bytes: state?.length ?? 0 });
  try {
    for (;;) {
      const { state: isWanted, again_ms: again = null } = await put(`/desyncs/${of}`, words);
      said.parts = Object.keys(parts).length;
      if (state === null) return said;
      if (isWanted) break;
      if (again === null) return said;
      // Another seat is asked for the same state, and may fail.
      await wait(again);
    }
    await put(`/desyncs/${of}/state`, state);
    said.bytes = state.length;
  } catch (/** @type {any} */ error) {
    // When its words were taken and the server has heard enough by now, nothing is amiss.
    if (said.parts === 0 || error?.problem?.status !== 404) said.why = String(error?.message ?? error);
  }
  return said;
}
