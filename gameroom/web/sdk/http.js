/**
 * What a page asks of the server over HTTP, as whoever this browser is there.
 *
 * It knows no room. The rule it keeps: a refusal is a RoomError with the server's own words; any
 * other error says that no answer came.
 */

import { RoomError } from "./problem.js";

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
