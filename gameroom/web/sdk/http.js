/**
 * HTTP requests of a page to the server, with this browser's session.
 *
 * It knows no room. The rule: a refusal is a RoomError with the server's problem; any other error
 * means that no answer arrived.
 */

import { RoomError } from "./problem.js";

/** @import { Evidence, SeatEvents } from "../gameroom.js" */

/** Sends a request. Returns the body of the answer, null if it has none. body: JSON as text or
 * bytes.
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

/** The bytes at this URL, null if they cannot be fetched.
 * @param {string} url */
export async function bytesAt(url) {
  try {
    const response = await fetch(url, { credentials: "same-origin", cache: "no-store" });
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

/** Sends JSON bytes, compressed. A refusal is ignored.
 * @param {string} url
 * @param {Uint8Array<ArrayBuffer>} bytes */
export async function putPacked(url, bytes) {
  const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  const body = await new Response(packed).arrayBuffer();
  await fetch(url, { method: "PUT", headers, body, credentials: "same-origin" });
}

/** Sends the evidence of an engine's state at a diverged generation to the server: first the hashes
 * of its parts, then the state if the server needs it. Returns the result; never throws.
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
      // The server has asked another seat for the same state, which can fail.
      await wait(again);
    }
    await put(`/desyncs/${of}/state`, state);
    said.bytes = state.length;
  } catch (/** @type {any} */ error) {
    // If the hashes were accepted and the server needs nothing more, this is not an error.
    if (said.parts === 0 || error?.problem?.status !== 404) said.why = String(error?.message ?? error);
  }
  return said;
}
