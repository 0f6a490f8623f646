/**
 * Keeps the player's commands until a turn contains them.
 *
 * A packet is kept until the master packet of its generation arrives without this seat in `absent`,
 * or until a `late` mark names it. After a reconnect, packets that the server has not received are
 * sent again in order; the server accepts one packet per generation. Each command has a random id.
 * A duplicated tab or a restored session can be a second page with the same memory. Then the ids
 * let the room execute a command once that both pages send.
 *
 * It knows no connection and no clock. The rule: a command reaches the room exactly once. `counts`
 * proves it: sent = confirmed + refused + lost + waiting, and doubled stays 0.
 * gameroom/replica/outbox.py is the same in Python.
 */

/** @import { MasterPacket } from "../gameroom.js" */
/** @import { ClientPacket, Command, KeptPacket, Memory } from "./shapes.d.ts" */

/** The maximum number of commands that wait for a turn. */
export const COMMANDS_WAITING_MAX = 1024;
const RECENT_PACKETS_MAX = 64;

/** @type {(a: any, b: any) => boolean} */
const same = (a, b) =>
  a === b ||
  (typeof a === "object" && typeof b === "object" && a !== null && b !== null &&
    Object.keys(a).length === Object.keys(b).length &&
    Object.keys(a).every((key) => same(a[key], b[key])));

/** A random id, from 1 to 2^53 - 1. */
export function randomId() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0x1fffff) * 2 ** 32 + low || 1;
}

export class Outbox {
  /** @type {Command[]} */
  queue = [];
  /** @type {KeptPacket[]} */
  packets = [];
  sentUpTo = 0;
  counts = { sent: 0, confirmed: 0, refused: 0, lost: 0, doubled: 0 };
  /** @type {KeptPacket[]} */
  #recent = [];
  #countedUpTo = -1;
  #drawId;

  /** @param {number} perPacketMax
   * @param {() => number} drawId */
  constructor(perPacketMax, drawId) {
    this.perPacketMax = perPacketMax;
    this.#drawId = drawId;
  }

  /** Continues from the result of `memory()` before a reload of this page.
   * @param {Memory} memory */
  recall({ queue, packets, counts, countedUpTo }) {
    this.queue = queue;
    this.packets = packets;
    this.counts = counts;
    this.#countedUpTo = countedUpTo;
    this.sentUpTo = Math.max(0, ...packets.map((one) => one.generation));
  }

  memory() {
    const { queue, packets, counts } = this;
    return { queue, packets, counts, countedUpTo: this.#countedUpTo };
  }

  /** The turns up to this one contain commands from before a reload without memory of them.
   * @param {number} generation */
  countFrom(generation) {
    if (this.#countedUpTo < 0) this.#countedUpTo = generation;
  }

  get waiting() {
    const open = (/** @type {KeptPacket} */ { commands, refused = [] }) => commands.length - refused.length;
    return this.queue.length + this.packets.reduce((sum, one) => sum + open(one), 0);
  }

  /** Adds a command. Returns false if too many are waiting.
   * @param {Pick<Command, "name" | "body">} command */
  put(command) {
    if (this.queue.length >= COMMANDS_WAITING_MAX) return false;
    this.queue.push({ ...command, id: this.#drawId() });
    this.counts.sent += 1;
    return true;
  }

  /** The packet for `generation`, with the waiting commands.
   * @param {number} generation
   * @param {Omit<ClientPacket, "generation" | "commands">} rest */
  packet(generation, rest) {
    const commands = this.queue.splice(0, this.perPacketMax);
    const packet = { generation, commands, ...rest };
    this.packets.push(packet);
    this.sentUpTo = generation;
    return packet;
  }

  /** We do not receive the turns up to this one, and the server has our packets for them. Only the
   * room's journal shows what happened to their commands.
   * @param {number} generation */
  skip(generation) {
    for (const { commands, refused = [] } of this.packets.filter((one) => one.generation <= generation)) {
      this.counts.confirmed += commands.length - refused.length;
    }
    this.#settled(this.packets.filter((one) => one.generation <= generation));
    this.packets = this.packets.filter((one) => one.generation > generation);
    if (this.#countedUpTo >= 0) this.#countedUpTo = Math.max(this.#countedUpTo, generation);
  }

  /** The packets to send again, in order: those that the server has not received, and those with
   * commands, because the packet that the server received can be from another page.
   * @param {number} heard */
  again(heard) {
    return this.packets.filter((one) => one.generation > heard || one.commands.length > 0);
  }

  /** Settles the commands that this master packet confirms. Returns whether anything changed.
   * @param {MasterPacket} master
   * @param {number} seat */
  settle(master, seat) {
    const mine = master.commands.find((one) => one.seat === seat)?.commands ?? [];
    const named = new Set(master.late.filter((one) => one.seat === seat).map((o) => o.generation));
    const isAbsent = master.absent.includes(seat);
    const last = isAbsent ? Math.max(0, ...named) : master.generation;
    // Packets arrive in order: a confirmed packet settles all packets before it.
    const settled = this.packets.filter((one) => one.generation <= last);
    // A packet without commands or signals need not be sent again.
    const empty = (/** @type {KeptPacket} */ one) => one.commands.length === 0 && one.signals.length === 0;
    this.packets = this.packets.filter(
      (one) => one.generation > last && !(one.generation <= master.generation && empty(one)),
    );
    if (master.generation > this.#countedUpTo) {
      this.#countedUpTo = master.generation;
      this.#count(settled, mine);
    }
    return settled.length > 0 || mine.length > 0;
  }

  /** @param {KeptPacket[]} settled
   * @param {readonly Pick<Command, "name" | "body">[]} mine */
  #count(settled, mine) {
    const left = [...mine];
    /** @typedef {Pick<Command, "name" | "body">} Said */
    const isLike = (/** @type {Said} */ command) => (/** @type {Said} */ one) => one.name === command.name && same(one.body, command.body);
    for (const packet of settled) {
      packet.commands.forEach((command, /** @type {number} */ index) => {
        if (packet.refused?.includes(index)) return;
        const found = left.findIndex(isLike(command));
        if (found >= 0) {
          left.splice(found, 1);
          this.counts.confirmed += 1;
        } else {
          (packet.missing ??= []).push(index);
          this.counts.lost += 1;
        }
      });
    }
    // A command that we did not send is from another page.
    const sent = [...settled, ...this.#recent].flatMap((one) => one.commands);
    this.counts.doubled += left.filter((one) => sent.some(isLike(one))).length;
    this.#settled(settled);
  }

  /** @param {KeptPacket[]} packets */
  #settled(packets) {
    this.#recent.push(...packets.filter((one) => one.commands.length > 0));
    this.#recent.splice(0, this.#recent.length - RECENT_PACKETS_MAX);
  }

  /** Returns the refused command and corrects the counts; undefined if it is unknown.
   * @param {number} generation
   * @param {number} index */
  refuse(generation, index) {
    const command = this.#over(generation, index);
    if (command !== undefined) this.counts.refused += 1;
    return command;
  }

  /** The room already had this command from another packet.
   * @param {number} generation
   * @param {number} index */
  confirm(generation, index) {
    if (this.#over(generation, index) !== undefined) this.counts.confirmed += 1;
  }

  /** The room did not receive this command and will accept no packet of ours for that turn: puts it
   * into the next packet. Returns whether the command is known.
   * @param {number} generation
   * @param {number} index */
  missed(generation, index) {
    const command = this.#over(generation, index);
    if (command !== undefined) this.queue.unshift(command);
    return command !== undefined;
  }

  /** Settles this command of this packet and returns it; undefined if it is already settled.
   * @param {number} generation
   * @param {number} index */
  #over(generation, index) {
    const find = (/** @type {KeptPacket[]} */ list) => list.find((one) => one.generation === generation);
    const packet = find(this.packets) ?? find(this.#recent);
    const command = packet?.commands[index];
    if (packet === undefined || command === undefined || packet.refused?.includes(index)) return undefined;
    (packet.refused ??= []).push(index);
    if (packet.missing?.includes(index)) this.counts.lost -= 1;
    return command;
  }

  /** Removes the commands from a packet that the server refuses. The empty packet remains.
   * @param {number} generation */
  empty(generation) {
    const packet = this.packets.find((one) => one.generation === generation);
    if (packet === undefined) return [];
    const commands = packet.commands.filter((_, index) => !packet.refused?.includes(index));
    Object.assign(packet, { commands: [], refused: undefined });
    return commands;
  }
}
