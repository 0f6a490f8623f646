/**
 * Sends the player's commands to the room, in one packet per turn.
 *
 * It knows events and the engine only through the room's state and the played turns. The client's
 * rule: when a generation starts, send a packet for every unsent generation up to `ahead` later.
 * The outbox keeps sent packets until a turn contains them.
 */

import { misfitBody, perTurnMax } from "./definition.js";
import { COMMANDS_WAITING_MAX, Outbox } from "./outbox.js";
import { problem } from "./problem.js";

/** @import { Body, MasterPacket, Problem } from "../gameroom.js" */
/** @import { ClientPacket, Hello, Memory, Ports, Rejection, Signal, StateHash } from "./shapes.d.ts" */

const SIGNALS_PER_PACKET_MAX = 8;
const SIGNAL_WINDOW = 64;
const RETRY_MS = 200;

export class Sending {
  #connection;
  #room;
  #checksums;
  #playing;
  #failures;
  #tell;
  #keepMemory;
  #definition;
  #outbox;
  #memory;
  /** Signals of the engine that no packet contains yet.
   * @type {Signal[]} */
  #signals = [];
  /** {generation, sha256} of the state that was offered to the room.
   * @type {{ generation: number, sha256: string } | null} */
  #offered = null;
  /** When to send all packets again, or null.
   * @type {number | null} */
  #resendAt = null;

  /** @param {Pick<Ports, "tell" | "keep">} ports
   * @param {Omit<import("./session.js").Parts, "sending">} below
   * @param {{ definition: import("../gameroom.js").Definition, drawId: () => number, memory: Memory | null }} options */
  constructor(ports, { connection, room, checksums, playing, failures }, { definition, drawId, memory }) {
    this.#connection = connection;
    this.#room = room;
    this.#checksums = checksums;
    this.#playing = playing;
    this.#failures = failures;
    this.#tell = ports.tell;
    this.#keepMemory = ports.keep;
    this.#definition = definition;
    this.#outbox = new Outbox(perTurnMax(definition), drawId);
    this.#memory = memory;
  }

  /** The numbers of sent, confirmed, refused, lost, doubled and waiting commands. */
  get counts() {
    return { ...this.#outbox.counts, waiting: this.#outbox.waiting };
  }

  get dueAt() {
    return this.#resendAt;
  }

  /** @param {number} now */
  tick(now) {
    if (this.#resendAt === null || now < this.#resendAt) return;
    this.#resendAt = null;
    this.repeat(this.#outbox.packets);
  }

  // -- the player --

  /** Sends a command, or a request that the room file declares. Returns false if it is refused at
   * once; the event `rejected` says why.
   * @param {string} name
   * @param {Body} body */
  command(name, body) {
    const why = this.#misfit(name, body) ?? this.#queue(name, body);
    if (why !== null) this.#refused(name, body, why);
    return why === null;
  }

  /** @param {string} name
   * @param {Body} body */
  #misfit(name, body) {
    const { commands, requests } = this.#definition;
    const declared = [...commands, ...requests].find((one) => one.name === name);
    if (declared === undefined) return problem("no_such_command", `There is no command \`${name}\` in this room.`);
    const why = misfitBody(declared.fields, body);
    return why === null ? null : problem("bad_command", `In \`${name}\`, ${why}.`);
  }

  /** @param {string} name
   * @param {Body} body */
  #queue(name, body) {
    const tooMany = problem("too_many", "Too many commands are waiting. Try again in a moment.");
    if (!this.#definition.commands.some((one) => one.name === name)) {
      if (this.#connection.unanswered >= COMMANDS_WAITING_MAX) return tooMany;
      this.#connection.request("POST", `/requests/${name}`, body).catch((said) => this.#refused(name, body, said));
      return null;
    }
    if (this.#room.seat === null) return problem("not_a_player", "You are watching. Only players can send commands.");
    // Keep it only if the connection will be opened again automatically.
    if (this.#connection.hasEnded || this.#connection.isOver) return this.#connection.unreachable();
    if (!this.#outbox.put({ name, body: structuredClone(body) })) return tooMany;
    this.#keep();
    return null;
  }

  /** @param {string} name
   * @param {Body} body
   * @param {Problem} why */
  #refused(name, body, why) {
    this.#tell("rejected", {
      name, body, code: why.code, detail: why.detail, state: why.state ?? null, allowed: why.allowed ?? [],
    });
  }

  /** Stores the outbox for a reload of this page. */
  #keep() {
    const { seat, user } = this.#room;
    if (seat !== null && user !== null) this.#keepMemory({ user, ...this.#outbox.memory() });
  }

  // -- the connection --

  /** The room has sent its welcome, and has our packets up to `heard`. Returns the packets to send
   * again when the connection is live.
   * @param {Hello} hello
   * @param {boolean} isBack */
  welcomed({ user, generation, heard, snapshot }, isBack) {
    if (!isBack && this.#memory?.user === user) this.#outbox.recall(this.#memory);
    this.#memory = null;
    const again = this.#outbox.again(heard);
    if (snapshot) this.#outbox.skip(Math.min(heard, snapshot.generation));
    this.#outbox.countFrom(Math.max(generation, heard));
    this.#outbox.sentUpTo = Math.max(this.#outbox.sentUpTo, heard);
    return again;
  }

  /** The room has lost its turns: they start again at the first. */
  forget() {
    this.#outbox.sentUpTo = 0;
  }

  /** The connection is lost or closed. */
  interrupt() {
    this.#resendAt = null;
  }

  // -- the engine --

  /** Takes valid signals of the engine for the next packets, and returns them. Invalid ones are
   * reported, because the room would refuse them or the whole packet.
   * @param {Signal[]} signals */
  raise(signals) {
    const fitting = signals.filter((signal) => this.#fits(signal));
    this.#signals.push(...fitting.filter((one) => one.generation > this.#room.closed - SIGNAL_WINDOW));
    return fitting;
  }

  /** @param {Signal} signal */
  #fits({ generation, name, body, why = null }) {
    const text = why ?? this.#misfitSignal(name, body);
    if (text !== null) this.#failures.report({ kind: "signal", generation, text });
    return text === null;
  }

  /** @param {string} name
   * @param {Body} body */
  #misfitSignal(name, body) {
    const declared = this.#definition.signals.find((one) => one.name === name);
    if (declared === undefined) return `There is no signal \`${name.slice(0, 40)}\` in this room.`;
    const why = misfitBody(declared.fields, body);
    return why === null ? null : `In \`${name}\`, ${why}.`;
  }

  /** Sends the hash of the state after this turn, from which others can continue, to the room.
   * @param {StateHash} state */
  offerState({ generation, sha256, size }) {
    if (this.#room.seat === null || !this.#connection.isLive) return;
    this.#offered = { generation, sha256 };
    // The room refuses the hash if the seat is too late or being repaired. This has no effect.
    this.#connection.request("PUT", `/snapshots/${generation}/hash`, { sha256, size }).catch(() => {});
  }

  /** Whether the room asks for the state that this seat has offered.
   * @param {{ seat: number, generation: number, sha256: string }} verified */
  hasOffered({ seat, generation, sha256 }) {
    const offered = this.#offered;
    return seat === this.#room.seat && generation === offered?.generation && sha256 === offered.sha256;
  }

  /** A new engine runs from now on. */
  forgetSignals() {
    this.#signals = [];
  }

  /** A new engine runs, from the first turn on. */
  startOver() {
    this.#signals = [];
    this.#offered = null;
  }

  // -- the room --

  /** Settles the commands that this master packet confirms.
   * @param {MasterPacket} packet */
  turn(packet) {
    const { seat } = this.#room;
    if (seat !== null && this.#outbox.settle(packet, seat)) this.#keep();
  }

  /** The room has refused one of our packets, or one command in it.
   * @param {Rejection["body"]} rejection
   * @param {number} now */
  rejected({ generation, index = null, problem: why }, now) {
    if (index !== null) {
      this.#rejectedOne(generation, index, why);
      this.#keep();
    } else if (why.code === "too_late") {
      // The room has no packet of ours for this turn, and will accept none.
      this.#outbox.queue.unshift(...this.#outbox.empty(generation));
      this.#keep();
    } else if ([400, 413, 422].includes(why.status)) {
      this.#rejectedWhole(generation, why);
      this.#keep();
    } else if (why.status === 429 || why.code === "too_early") {
      this.#resendAt = now + (why.retry_after_ms ?? RETRY_MS);
    } else this.#tell("problem", why);
  }

  /** @param {number} generation
   * @param {number} index
   * @param {Problem} why */
  #rejectedOne(generation, index, why) {
    if (why.code === "repeated_command") this.#outbox.confirm(generation, index);
    else if (why.code !== "too_late" || !this.#outbox.missed(generation, index)) {
      const command = this.#outbox.refuse(generation, index);
      if (command) this.#refused(command.name, command.body, why);
      else this.#tell("problem", why);
    }
  }

  /** The room will never accept this packet, but its generation still needs one.
   * @param {number} generation
   * @param {Problem} why */
  #rejectedWhole(generation, why) {
    const commands = this.#outbox.empty(generation);
    this.#outbox.counts.refused += commands.length;
    for (const command of commands) this.#refused(command.name, command.body, why);
    const packet = this.#outbox.packets.find((one) => one.generation === generation);
    if (packet) this.#put({ ...packet, signals: [] });
  }

  // -- packets --

  /** Applies the client's rule at the start of `generation`. isBack: send at least one packet, so
   * that the room knows that we are back.
   * @param {number} generation */
  speak(generation, isBack = false) {
    const { seat, closed, pace, isRunning } = this.#room;
    if (seat === null || !this.#connection.isLive || !isRunning) return;
    const first = Math.max(this.#outbox.sentUpTo, closed) + 1;
    const last = generation + pace.ahead;
    let carried = 0;
    for (let of = first; of <= last; of += 1) {
      const packet = this.#packet(of);
      carried += packet.commands.length;
      this.#put(packet);
    }
    if (carried > 0) this.#keep();
    if (first > last && isBack) this.#repeatLast();
  }

  /** @param {number} generation */
  #packet(generation) {
    const checksum = this.#checksums.takeOwed(generation);
    const signals = this.#signals.splice(0, SIGNALS_PER_PACKET_MAX);
    const roundTrip = this.#connection.takeLatency();
    const latency = roundTrip === 0 ? 0 : roundTrip + Math.round(this.#playing.waitMs);
    return this.#outbox.packet(generation, { checksum, latency, framerate: this.#playing.framerate, signals });
  }

  #repeatLast() {
    const generation = this.#outbox.sentUpTo;
    const kept = this.#outbox.packets.find((one) => one.generation === generation);
    this.#put(kept ?? { generation, commands: [], checksum: null, latency: 0, framerate: 0, signals: [] });
  }

  /** @param {ClientPacket[]} packets */
  repeat(packets) {
    for (const packet of packets) this.#put(packet);
  }

  /** @param {ClientPacket} packet */
  #put({ generation, commands, checksum, latency, framerate, signals }) {
    // A packet means that the engine runs.
    if (!this.#connection.isLive || this.#playing.hasFailed) return;
    /** @type {ClientPacket} */
    const body = {
      generation, commands: commands.map((one) => ({ name: one.name, body: one.body })), checksum, latency, framerate, signals,
    };
    if (commands.length > 0) body.ids = commands.map((one) => one.id ?? 0);
    this.#connection.send({ method: "PUT", path: `/turns/${generation}`, body });
  }
}
