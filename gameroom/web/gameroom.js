/**
 * gameroom.js: the JavaScript client of a room, without dependencies or build step.
 *
 * This is its public interface; gameroom.d.ts has the types. The implementation is in sdk/. Modules
 * in a lower line know those above them, never the reverse:
 *
 *   msgpack, codec                   frames to bytes and back, for both subprotocols
 *   definition, problem              the room file's definition, close codes, refusals
 *   session and its parts            the lock-step protocol; no page, no socket, no timer
 *   sandbox-host                     the frame with an opaque origin that runs engine and view
 *   http, socket, seat, joining      the shell in the browser
 */

export { JSON_PROTOCOL, MSGPACK_PROTOCOL, PROTOCOLS } from "./sdk/codec.js";
export { join, look, whoAmI } from "./sdk/joining.js";
export { RoomError } from "./sdk/problem.js";
export { Seat } from "./sdk/seat.js";
