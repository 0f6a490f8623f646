/**
 * gameroom.js: the communications module of a room, without dependencies or build step.
 *
 * This is its public face, which gameroom.d.ts types. What is behind it is in sdk/, the lower ones
 * knowing nothing of those above:
 *
 *   msgpack, codec                   frames as bytes and back, for both subprotocols
 *   definition, problem              what the room file and the protocol say
 *   session and its parts            all that lock-step asks of a client; no page, no socket, no timer
 *   sandbox-host                     the frame of opaque origin in which engine and view run
 *   http, socket, seat, joining      the browser's shell
 */

export { JSON_PROTOCOL, MSGPACK_PROTOCOL, PROTOCOLS } from "./sdk/codec.js";
export { join, look, whoAmI } from "./sdk/joining.js";
export { RoomError } from "./sdk/problem.js";
export { Seat } from "./sdk/seat.js";
