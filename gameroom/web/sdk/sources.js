/**
 * The sources of what runs in the sandbox: ours, and those that a room links to.
 *
 * It knows no room. The rule it keeps: a room's source is the one whose hash the room has told, or
 * it is refused.
 */

/** @import { Link } from "../gameroom.js" */

const encoder = new TextEncoder();

/** The text at this address, asked for without cookies.
 * @param {string | URL} url
 * @returns {Promise<string>} */
export async function textOf(url) {
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.text();
}

/** The source behind a link {url, sha256}, refused unless its hash is the one that was told.
 * @param {Link} link
 * @param {string} base
 * @returns {Promise<string>} */
export async function verified(link, base) {
  const source = await textOf(new URL(link.url, base));
  // Without a secure context there is no digest; then there is no TLS either to make it count.
  if (globalThis.crypto?.subtle) {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(source)));
    const hash = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hash !== link.sha256) throw new Error(`${link.url} is not what the room says it is`);
  }
  return source;
}
