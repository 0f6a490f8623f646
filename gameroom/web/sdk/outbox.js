/**
 * The player's commands until a turn has them.
 *
 * A packet is kept until the master packet of its generation came without this seat in `absent`, or
 * a `late` mark named it. After a reconnect what the server has not heard is sent again, in order;
 * the server takes one packet per generation. Each command has an id that was drawn when it was
 * given: another page may believe that it is this one (a duplicated tab, a restored session), and
 * the room takes what both of them send once.
 *
 * It knows no connection and no clock. The rule it keeps: a command reaches the room exactly once.
 * `counts` is the proof: sent = confirmed + refused + lost + waiting, and doubled stays 0.
 * gameroom/replica/outbox.py is its twin.
 */

/** @import { MasterPacket } from "../gameroom.js" */
/** @import { ClientPacket, Command, KeptPacket, Memory } from "./shapes.d.ts" */

/** This many commands may wait for the turns that carry them. */
export const COMMANDS_WAITING_MAX = 1024;
const RECENT_PACKETS_MAX = 64;

/** @type {(a: any, b: any) => boolean} */
const same = (a, b) =>
  a === b ||
  (typeof a === "object" && typeof b === "object" && a !== null && b !== null &&
    Object.keys(a).length === Object.keys(b).length &&
    Object.keys(a).every((key) => same(a[key], b[key])));

/** From 1 to 2^53 - 1. */
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

  /** Goes on from what `memory()` said in an earlier life of this page.
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

  /** Commands of an earlier life are in the tail up to here, and nobody remembers them.
   * @param {number} generation */
  countFrom(generation) {
    if (this.#countedUpTo < 0) this.#countedUpTo = generation;
  }

  get waiting() {
    const open = (/** @type {KeptPacket} */ { commands, refused = [] }) => commands.length - refused.length;
    return this.queue.length + this.packets.reduce((sum, one) => sum + open(one), 0);
  }

  /** False: too many wait already.
   * @param {Pick<Command, "name" | "body">} command */
  put(command) {
    if (this.queue.length >= COMMANDS_WAITING_MAX) return false;
    this.queue.push({ ...command, id: this.#drawId() });
    this.counts.sent += 1;
    return true;
  }

  /** The packet for `generation`: the waiting commands ride in it.
   * @param {number} generation
   * @param {Omit<ClientPacket, "generation" | "commands">} rest */
  packet(generation, rest) {
    const commands = this.queue.splice(0, this.perPacketMax);
    const packet = { generation, commands, ...rest };
    this.packets.push(packet);
    this.sentUpTo = generation;
    return packet;
  }

  /** The turns up to this one are not told to us, and the server has heard our packets for
   * them: what became of their commands stands in the room's log alone.
   * @param {number} generation */
  skip(generation) {
    for (const { commands, refused = [] } of this.packets.filter((one) => one.generation <= generation)) {
      this.counts.confirmed += commands.length - refused.length;
    }
    this.#settled(this.packets.filter((one) => one.generation <= generation));
    this.packets = this.packets.filter((one) => one.generation > generation);
    if (this.#countedUpTo >= 0) this.#countedUpTo = Math.max(this.#countedUpTo, generation);
  }

  /** What must be sent again, in that order: what the server has not heard, and whatever has
   * commands, for the packet that it heard may be another page's.
   * @param {number} heard */
  again(heard) {
    return this.packets.filter((one) => one.generation > heard || one.commands.length > 0);
  }

  /** Settles what this master packet settles. Whether anything changed.
   * @param {MasterPacket} master
   * @param {number} seat */
  settle(master, seat) {
    const mine = master.commands.find((one) => one.seat === seat)?.commands ?? [];
    const named = new Set(master.late.filter((one) => one.seat === seat).map((o) => o.generation));
    const isAbsent = master.absent.includes(seat);
    const last = isAbsent ? Math.max(0, ...named) : master.generation;
    // Packets are heard in order: one that is named settles all before it.
    const settled = this.packets.filter((one) => one.generation <= last);
    // An absent packet without commands or signals has nothing left to tell.
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
    // What is like nothing that we sent was given in another page.
    const sent = [...settled, ...this.#recent].flatMap((one) => one.commands);
    this.counts.doubled += left.filter((one) => sent.some(isLike(one))).length;
    this.#settled(settled);
  }

  /** @param {KeptPacket[]} packets */
  #settled(packets) {
    this.#recent.push(...packets.filter((one) => one.commands.length > 0));
    this.#recent.splice(0, this.#recent.length - RECENT_PACKETS_MAX);
  }

  /** The command that was refused, and the counts corrected; undefined when it is not known.
   * @param {number} generation
   * @param {number} index */
  refuse(generation, index) {
    const command = this.#over(generation, index);
    if (command !== undefined) this.counts.refused += 1;
    return command;
  }

  /** The room had this command already, from another packet.
   * @param {number} generation
   * @param {number} index */
  confirm(generation, index) {
    if (this.#over(generation, index) !== undefined) this.counts.confirmed += 1;
  }

  /** The room never had this command, and will have no packet of ours for that turn: it rides in
   * the next one. Whether it is known.
   * @param {number} generation
   * @param {number} index */
  missed(generation, index) {
    const command = this.#over(generation, index);
    if (command !== undefined) this.queue.unshift(command);
    return command !== undefined;
  }

  /** Nothing more is to be heard of this command of this packet; undefined when that is known.
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

  /** Takes the commands out of a packet that the server will not have; it stays, empty.
   * @param {number} generation */
  empty(generation) {
    const packet = this.packets.find((one) => one.generation === generation);
    if (packet === undefined) return [];
    const commands = packet.commands.filter((_, index) => !packet.refused?.includes(index));
    Object.assign(packet, { commands: [], refused: undefined });
    return commands;
  }
}
