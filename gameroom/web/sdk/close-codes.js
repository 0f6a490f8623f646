/**
 * Why a socket was closed, and whether to come back.
 *
 * It knows no socket. The twin of gameroom/wire/close.py.
 */

/** @typedef {"at once" | "later" | "by hand" | "never"} Again */

/** @type {Record<number, [Again, string]>} */
const CLOSINGS = {
  1000: ["never", "the connection was closed"],
  1001: ["later", "the server is going away"],
  1002: ["never", "the WebSocket protocol was broken"],
  1003: ["never", "text where bytes are spoken, or the reverse"],
  1006: ["at once", "the connection was lost"],
  1008: ["never", "what was sent breaks a rule of the protocol"],
  1009: ["never", "a message was too big"],
  1011: ["later", "a fault of the server"],
  1012: ["later", "the server restarts"],
  1013: ["later", "the server is full or cannot store"],
  4000: ["at once", "the greeting did not come in time"],
  4001: ["by hand", "this seat is played from another window now"],
  4002: ["at once", "events were not read quickly enough"],
  4003: ["later", "too many frames"],
  4100: ["never", "you left the room"],
  4101: ["never", "you were dropped from the room"],
  4102: ["never", "the room has ended"],
  4103: ["never", "your place in this room is not known any more"],
  4104: ["never", "there is no such room"],
};

/** When to come back after this code (at once, later, by hand, never), and why it was closed.
 * @param {number} code */
export function closing(code) {
  const [again, meaning] = CLOSINGS[code] ?? (code >= 4100 ? CLOSINGS[4101] : CLOSINGS[1001]);
  return { again, meaning };
}
