/**
 * Encodes and decodes the frames of a socket, in both subprotocols.
 *
 * It knows the order of the commands, signals and fields in a definition, but no socket. The rule:
 * a decoded frame is the same in both subprotocols. docs/wire.md describes the frames.
 */

import { pack, unpack } from "./msgpack.js";

/** @import { Declared, Definition, Subprotocol } from "../gameroom.js" */
/** @import { ClientArray, ClientPacket, Coded, Command, EventFrame, MasterArray, Request, ServerFrame } from "./shapes.d.ts" */

/** @type {"gameroom.v1.json"} */
export const JSON_PROTOCOL = "gameroom.v1.json";
/** @type {"gameroom.v1.msgpack"} */
export const MSGPACK_PROTOCOL = "gameroom.v1.msgpack";
/** The preferred one first.
 * @type {readonly Subprotocol[]} */
export const PROTOCOLS = [MSGPACK_PROTOCOL, JSON_PROTOCOL];

/** Converts frames to text or bytes, and back. In MessagePack the two most frequent packets are
 * arrays: commands and signals have an index, and fields the order of the definition. */
export class Codec {
  #binary;
  #commands;
  #signals;

  /**
   * @param {Subprotocol} protocol
   * @param {Pick<Definition, "commands" | "signals">} definition
   */
  constructor(protocol, definition) {
    if (!PROTOCOLS.includes(protocol)) throw new TypeError(`unknown subprotocol: ${protocol}`);
    this.#binary = protocol === MSGPACK_PROTOCOL;
    this.#commands = definition.commands;
    this.#signals = definition.signals;
  }

  /** @param {Request} frame
   * @returns {string | Uint8Array<ArrayBuffer>} */
  encode(frame) {
    if (!this.#binary) return JSON.stringify(frame);
    const isPacket = frame.id === undefined && /^\/turns\/\d+$/.test(frame.path ?? "");
    return pack(isPacket ? this.#clientArray(/** @type {ClientPacket} */ (frame.body)) : frame);
  }

  /** @param {string | ArrayBuffer} data
   * @returns {ServerFrame} */
  decode(data) {
    if (typeof data === "string") return JSON.parse(data);
    const frame = unpack(new Uint8Array(data));
    return Array.isArray(frame) ? this.#masterFrame(/** @type {MasterArray} */ (frame)) : frame;
  }

  /** @param {ClientPacket} packet */
  #clientArray({ generation, commands, checksum, latency, framerate, signals, ids = [] }) {
    /** @type {ClientArray} */
    const made = [
      generation,
      commands.map((one) => flat(this.#commands, one)),
      checksum ? generation - checksum.generation : 0,
      checksum ? checksum.value : 0,
      latency,
      framerate,
    ];
    if (signals.length > 0 || ids.length > 0) {
      made[6] = signals.map((one) => [generation - one.generation, ...flat(this.#signals, one)]);
    }
    if (ids.length > 0) made[7] = ids;
    return made;
  }

  /** @param {MasterArray} packet
   * @returns {EventFrame} */
  #masterFrame([seq, generation, iterations, turn_ms, ahead, said, age, checksum, extras = {}]) {
    return {
      event: "turn",
      seq,
      path: `/turns/${generation}`,
      body: {
        generation,
        iterations_per_command: iterations,
        turn_ms,
        ahead,
        commands: said.map(([seat, commands]) => ({
          seat,
          commands: commands.map((one) => full(this.#commands, one)),
        })),
        chart: extras.chart ?? null,
        checksum: age === 0 ? null : { generation: generation - age, value: checksum },
        absent: extras.absent ?? [],
        late: extras.late ?? [],
      },
    };
  }
}

/** @param {readonly Declared[]} declared
 * @param {Pick<Command, "name" | "body">} command
 * @returns {Coded} */
function flat(declared, { name, body }) {
  const index = declared.findIndex((one) => one.name === name);
  return [index, ...declared[index].fields.map((field) => body[field.name])];
}

/** @param {readonly Declared[]} declared
 * @param {Coded} command */
function full(declared, [index, ...values]) {
  const { name, fields } = declared[index];
  return { name, body: Object.fromEntries(fields.map((field, i) => [field.name, values[i]])) };
}
