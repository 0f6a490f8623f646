/** @import { Evidence, SeatEvents } from "../gameroom.js" */

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
