/**
 * gameroom.js: the communications module of a room, in one file without dependencies.
 *
 * Five layers, the lower ones knowing nothing of those above:
 *   bytes     MessagePack for the protocol's plain values
 *   Codec     frames into bytes and back, for both subprotocols
 *   Session   everything that lock-step asks of a client; no page, no socket, no timer
 *   Sandbox   the frame of opaque origin in which engine and view run
 *   join()    the browser shell: fetch, WebSocket, timers, visibility
 *
 * The rule it keeps: the engine runs a generation only when its master packet is here, and
 * a command that was taken from the player reaches the room exactly once.
 */

// ---- bytes: MessagePack ------------------------------------------------------------------

const WORD = 2 ** 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Plain values (null, booleans, whole numbers within 2^53 - 1, texts, lists, maps) as bytes. */
export function pack(value) {
  let bytes = new Uint8Array(256);
  let view = new DataView(bytes.buffer);
  let at = 0;

  const room = (size) => {
    if (at + size <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, at + size));
    larger.set(bytes);
    bytes = larger;
    view = new DataView(bytes.buffer);
  };
  const head = (size, small, code) => {
    room(5);
    if (size < small.below) bytes[at++] = small.code | size;
    else if (size < 0x100 && code.one) {
      bytes[at++] = code.one;
      bytes[at++] = size;
    } else if (size < 0x10000) {
      bytes[at++] = code.two;
      view.setUint16(at, size);
      at += 2;
    } else {
      bytes[at++] = code.two + 1;
      view.setUint32(at, size);
      at += 4;
    }
  };
  const whole = (n) => {
    if (!Number.isSafeInteger(n)) throw new TypeError(`${n} is not a whole number`);
    room(9);
    if (n >= 0) {
      if (n < 0x80) bytes[at++] = n;
      else if (n < 0x100) { bytes[at++] = 0xcc; bytes[at++] = n; }
      else if (n < 0x10000) { bytes[at++] = 0xcd; view.setUint16(at, n); at += 2; }
      else if (n < WORD) { bytes[at++] = 0xce; view.setUint32(at, n); at += 4; }
      else { bytes[at++] = 0xcf; view.setBigUint64(at, BigInt(n)); at += 8; }
    } else if (n >= -0x20) bytes[at++] = n & 0xff;
    else if (n >= -0x80) { bytes[at++] = 0xd0; view.setInt8(at, n); at += 1; }
    else if (n >= -0x8000) { bytes[at++] = 0xd1; view.setInt16(at, n); at += 2; }
    else if (n >= -0x80000000) { bytes[at++] = 0xd2; view.setInt32(at, n); at += 4; }
    else { bytes[at++] = 0xd3; view.setBigInt64(at, BigInt(n)); at += 8; }
  };
  const put = (one) => {
    room(1);
    if (one === null) bytes[at++] = 0xc0;
    else if (one === false) bytes[at++] = 0xc2;
    else if (one === true) bytes[at++] = 0xc3;
    else if (typeof one === "number") whole(one);
    else if (typeof one === "string") {
      const text = encoder.encode(one);
      head(text.length, { below: 32, code: 0xa0 }, { one: 0xd9, two: 0xda });
      room(text.length);
      bytes.set(text, at);
      at += text.length;
    } else if (Array.isArray(one)) {
      head(one.length, { below: 16, code: 0x90 }, { two: 0xdc });
      for (const item of one) put(item);
    } else if (typeof one === "object") {
      const members = Object.entries(one);
      head(members.length, { below: 16, code: 0x80 }, { two: 0xde });
      for (const [key, item] of members) {
        put(key);
        put(item);
      }
    } else throw new TypeError(`${typeof one} has no place on the wire`);
  };
  put(value);
  return bytes.slice(0, at);
}

const OWN = { configurable: true, enumerable: true, writable: true };

/** The plain value of these bytes, all of them, as JSON.parse would give it. Floats, bytes and
 * extensions are refused. */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  const safe = (n) => {
    const number = Number(n);
    if (!Number.isSafeInteger(number)) throw new RangeError(`${n} is beyond 2^53 - 1`);
    return number;
  };
  const text = (size) => {
    if (at + size > bytes.length) throw new RangeError("a text is cut off");
    at += size;
    return decoder.decode(bytes.subarray(at - size, at));
  };
  const list = (size) => {
    const items = [];
    for (let i = 0; i < size; i += 1) items.push(take());
    return items;
  };
  const map = (size) => {
    const made = {};
    for (let i = 0; i < size; i += 1) {
      const key = take();
      const item = take();
      if (key === "__proto__") Object.defineProperty(made, key, { ...OWN, value: item });
      else made[key] = item;
    }
    return made;
  };
  const u8 = () => view.getUint8(at++);
  const u16 = () => view.getUint16((at += 2) - 2);
  const u32 = () => view.getUint32((at += 4) - 4);
  const take = () => {
    const code = u8();
    if (code < 0x80) return code;
    if (code < 0x90) return map(code & 0x0f);
    if (code < 0xa0) return list(code & 0x0f);
    if (code < 0xc0) return text(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    switch (code) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xcc: return u8();
      case 0xcd: return u16();
      case 0xce: return u32();
      case 0xcf: return safe(view.getBigUint64((at += 8) - 8));
      case 0xd0: return view.getInt8(at++);
      case 0xd1: return view.getInt16((at += 2) - 2);
      case 0xd2: return view.getInt32((at += 4) - 4);
      case 0xd3: return safe(view.getBigInt64((at += 8) - 8));
      case 0xd9: return text(u8());
      case 0xda: return text(u16());
      case 0xdb: return text(u32());
      case 0xdc: return list(u16());
      case 0xdd: return list(u32());
      case 0xde: return map(u16());
      case 0xdf: return map(u32());
      default: throw new TypeError(`0x${code.toString(16)} has no place on the wire`);
    }
  };
  const value = take();
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes are left over`);
  return value;
}

// ---- frames ------------------------------------------------------------------------------

export const JSON_PROTOCOL = "gameroom.v1.json";
export const MSGPACK_PROTOCOL = "gameroom.v1.msgpack";
export const PROTOCOLS = [MSGPACK_PROTOCOL, JSON_PROTOCOL];

/** Frames into what a socket carries, and back. The two hot packets are arrays in MessagePack:
 * commands and signals by their index and the order of their fields in the definition. */
export class Codec {
  #binary;
  #commands;
  #signals;

  constructor(protocol, definition) {
    if (!PROTOCOLS.includes(protocol)) throw new TypeError(`no such protocol: ${protocol}`);
    this.#binary = protocol === MSGPACK_PROTOCOL;
    this.#commands = definition.commands;
    this.#signals = definition.signals;
  }

  encode(frame) {
    if (!this.#binary) return JSON.stringify(frame);
    const isPacket = frame.id === undefined && /^\/turns\/\d+$/.test(frame.path ?? "");
    return pack(isPacket ? this.#clientArray(frame.body) : frame);
  }

  decode(data) {
    if (typeof data === "string") return JSON.parse(data);
    const frame = unpack(new Uint8Array(data));
    return Array.isArray(frame) ? this.#masterFrame(frame) : frame;
  }

  #clientArray({ generation, commands, checksum, latency, framerate, signals, ids = [] }) {
    const made = [
      generation,
      commands.map((one) => flat(this.#commands, one)),
      checksum ? generation - checksum.generation : 0,
      checksum ? checksum.value : 0,
      latency,
      framerate,
    ];
    if (signals.length > 0 || ids.length > 0) {
      made.push(signals.map((one) => [generation - one.generation, ...flat(this.#signals, one)]));
    }
    if (ids.length > 0) made.push(ids);
    return made;
  }

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

function flat(declared, { name, body }) {
  const index = declared.findIndex((one) => one.name === name);
  return [index, ...declared[index].fields.map((field) => body[field.name])];
}

function full(declared, [index, ...values]) {
  const { name, fields } = declared[index];
  return { name, body: Object.fromEntries(fields.map((field, i) => [field.name, values[i]])) };
}

// ---- what the room file says ---------------------------------------------------------------

/** What the active states say of `name` for somebody of these kinds: allow, deny, ignore or
 * unsaid. Along each active leaf's path the last word decides; across leaves deny beats allow
 * beats ignore. */
export function ruling(definition, states, name, kinds) {
  const byPath = new Map(definition.states.map((state) => [state.path, state]));
  const leaves = states.filter((path) => !states.some((other) => other.startsWith(`${path}.`)));
  const said = leaves.map((leaf) => {
    let last = "unsaid";
    const parts = leaf.split(".");
    const line = parts.map((_, i) => byPath.get(parts.slice(0, i + 1).join("."))?.permissions);
    for (const permission of [definition.permissions, ...line].flatMap((list) => list ?? [])) {
      const meant = permission.who.some((who) => who === "anyone" || kinds.has(who));
      if (meant && permission.names.includes(name)) last = permission.effect;
    }
    return last;
  });
  return ["deny", "allow", "ignore"].find((word) => said.includes(word)) ?? "unsaid";
}

/** Why `value` is not of this type, as the end of a sentence; null if it is. The server judges
 * by the same rules; here they keep out what could not even be written, like half a pixel. */
function misfit(type, value) {
  switch (type.kind) {
    case "int":
      if (!Number.isSafeInteger(value)) return `is not a whole number from ${type.low} to ${type.high}`;
      return value < type.low || value > type.high ? `is ${value}, not from ${type.low} to ${type.high}` : null;
    case "bool":
      return typeof value === "boolean" ? null : "is not true or false";
    case "choice":
      return type.choices.includes(value) ? null : `is not one of ${type.choices.map((one) => `"${one}"`).join(", ")}`;
    case "string": {
      if (typeof value !== "string") return `is not a text of ${type.low} to ${type.high} characters`;
      if (/\p{Surrogate}/u.test(value)) return "has a lone surrogate";
      const size = [...value].length;
      return size < type.low || size > type.high ? `has ${size} characters, not ${type.low} to ${type.high}` : null;
    }
    default: {
      if (!Array.isArray(value)) return `is not a list of ${type.low} to ${type.high} items`;
      if (value.length < type.low || value.length > type.high) {
        return `has ${value.length} items, not ${type.low} to ${type.high}`;
      }
      const why = value.map((item) => misfit(type.item, item));
      const index = why.findIndex((one) => one !== null);
      return index < 0 ? null : `has an item ${index} that ${why[index]}`;
    }
  }
}

/** Why `body` has not exactly these fields, or null. */
function misfitBody(fields, body) {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return "the body is not a map";
  for (const { name, type } of fields) {
    if (!Object.hasOwn(body, name)) return `\`${name}\` is missing`;
    const why = misfit(type, body[name]);
    if (why !== null) return `\`${name}\` ${why}`;
  }
  const extra = Object.keys(body).find((key) => !fields.some(({ name }) => name === key));
  return extra === undefined ? null : `\`${extra.slice(0, 40)}\` is not a field`;
}

const same = (a, b) =>
  a === b ||
  (typeof a === "object" && typeof b === "object" && a !== null && b !== null &&
    Object.keys(a).length === Object.keys(b).length &&
    Object.keys(a).every((key) => same(a[key], b[key])));

// ---- why a socket was closed ---------------------------------------------------------------

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

/** When to come back after this code (at once, later, by hand, never), and why it was closed. */
export function closing(code) {
  const [again, meaning] = CLOSINGS[code] ?? (code >= 4100 ? CLOSINGS[4101] : CLOSINGS[1001]);
  return { again, meaning };
}

// ---- the outbox: every command exactly once ------------------------------------------------

/** So many commands may wait for the turns that carry them, and so many requests for an answer. */
const COMMANDS_WAITING_MAX = 1024;
const RECENT_PACKETS_MAX = 64;

/** From 1 to 2^53 - 1. */
function randomId() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0x1fffff) * WORD + low || 1;
}

/** A policy of the room, as its definition states it: a client has no default of its own. */
function policyOf({ policies }, ...path) {
  const value = path.reduce((said, key) => said?.[key], policies);
  if (!Number.isSafeInteger(value)) throw new TypeError(`the definition: policies.${path.join(".")} is not a whole number`);
  return value;
}

/** How many commands one turn carries. */
const perTurnMax = (definition) => policyOf(definition, "limits", "commands_per_turn");

/**
 * What was taken from the player and is not yet in a master packet.
 *
 * A packet is kept until the master packet of its generation came without this seat in
 * `absent`, or a `late` mark named it. After a reconnect what the server has not heard is
 * sent again, in order; the server takes one packet per generation. `counts` is the proof:
 * sent = confirmed + refused + lost + waiting, and doubled stays 0.
 */
/**
 * The player's commands until a turn has them. Each carries an id that was drawn when it was given:
 * another page may believe that it is this one (a duplicated tab, a restored session), and the room
 * takes what both of them send once.
 */
class Outbox {
  queue = [];
  packets = [];
  sentUpTo = 0;
  counts = { sent: 0, confirmed: 0, refused: 0, lost: 0, doubled: 0 };
  #recent = [];
  #countedUpTo = -1;
  #drawId;

  constructor(perPacketMax, drawId) {
    this.perPacketMax = perPacketMax;
    this.#drawId = drawId;
  }

  /** Goes on from what `memory()` said in an earlier life of this page. */
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

  /** Commands of an earlier life are in the tail up to here, and nobody remembers them. */
  countFrom(generation) {
    if (this.#countedUpTo < 0) this.#countedUpTo = generation;
  }

  get waiting() {
    const open = ({ commands, refused = [] }) => commands.length - refused.length;
    return this.queue.length + this.packets.reduce((sum, one) => sum + open(one), 0);
  }

  put(command) {
    if (this.queue.length >= COMMANDS_WAITING_MAX) return false;
    this.queue.push({ ...command, id: this.#drawId() });
    this.counts.sent += 1;
    return true;
  }

  /** The packet for `generation`: the waiting commands ride in it. */
  packet(generation, rest) {
    const commands = this.queue.splice(0, this.perPacketMax);
    const packet = { generation, commands, ...rest };
    this.packets.push(packet);
    this.sentUpTo = generation;
    return packet;
  }

  /** The turns up to this one are not told to us, and the server has heard our packets for
   * them: what became of their commands stands in the room's log alone. */
  skip(generation) {
    for (const { commands, refused = [] } of this.packets.filter((one) => one.generation <= generation)) {
      this.counts.confirmed += commands.length - refused.length;
    }
    this.#settled(this.packets.filter((one) => one.generation <= generation));
    this.packets = this.packets.filter((one) => one.generation > generation);
    if (this.#countedUpTo >= 0) this.#countedUpTo = Math.max(this.#countedUpTo, generation);
  }

  /** What must be sent again, in that order: what the server has not heard, and whatever has
   * commands, for the packet that it heard may be another page's. */
  again(heard) {
    return this.packets.filter((one) => one.generation > heard || one.commands.length > 0);
  }

  /** Settles what this master packet settles. Whether anything changed. */
  settle(master, seat) {
    const mine = master.commands.find((one) => one.seat === seat)?.commands ?? [];
    const named = new Set(master.late.filter((one) => one.seat === seat).map((o) => o.generation));
    const isAbsent = master.absent.includes(seat);
    const last = isAbsent ? Math.max(0, ...named) : master.generation;
    // Packets are heard in order: one that is named settles all before it.
    const settled = this.packets.filter((one) => one.generation <= last);
    // An absent packet without commands or signals has nothing left to tell.
    const empty = (one) => one.commands.length === 0 && one.signals.length === 0;
    this.packets = this.packets.filter(
      (one) => one.generation > last && !(one.generation <= master.generation && empty(one)),
    );
    if (master.generation > this.#countedUpTo) {
      this.#countedUpTo = master.generation;
      this.#count(settled, mine);
    }
    return settled.length > 0 || mine.length > 0;
  }

  #count(settled, mine) {
    const left = [...mine];
    const isLike = (command) => (one) => one.name === command.name && same(one.body, command.body);
    for (const packet of settled) {
      packet.commands.forEach((command, index) => {
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

  #settled(packets) {
    this.#recent.push(...packets.filter((one) => one.commands.length > 0));
    this.#recent.splice(0, this.#recent.length - RECENT_PACKETS_MAX);
  }

  /** The command that was refused, and the books put right; undefined when it is not known. */
  refuse(generation, index) {
    const command = this.#over(generation, index);
    if (command !== undefined) this.counts.refused += 1;
    return command;
  }

  /** The room had this command already, from another packet. */
  confirm(generation, index) {
    if (this.#over(generation, index) !== undefined) this.counts.confirmed += 1;
  }

  /** The room never had this command, and will have no packet of ours for that turn: it rides in
   * the next one. Whether it is known. */
  missed(generation, index) {
    const command = this.#over(generation, index);
    if (command !== undefined) this.queue.unshift(command);
    return command !== undefined;
  }

  /** Nothing more is to be heard of this command of this packet; undefined when that is known. */
  #over(generation, index) {
    const find = (list) => list.find((one) => one.generation === generation);
    const packet = find(this.packets) ?? find(this.#recent);
    const command = packet?.commands[index];
    if (command === undefined || packet.refused?.includes(index)) return undefined;
    (packet.refused ??= []).push(index);
    if (packet.missing?.includes(index)) this.counts.lost -= 1;
    return command;
  }

  /** Takes the commands out of a packet that the server will not have; it stays, empty. */
  empty(generation) {
    const packet = this.packets.find((one) => one.generation === generation);
    if (packet === undefined) return [];
    const commands = packet.commands.filter((_, index) => !packet.refused?.includes(index));
    Object.assign(packet, { commands: [], refused: undefined });
    return commands;
  }
}

// ---- the pace of what is played ------------------------------------------------------------

/**
 * When the next turn starts, so that turns start evenly although they arrive unevenly.
 *
 * A turn follows the one before after turn_ms. How long packets wait before they are played
 * is watched: the least wait of the last turns is held at about twice the jitter, by playing
 * up to a tenth faster or slower. A packet that comes too late is played at once.
 * gameroom/replica/timing.py is its twin.
 */
class Pace {
  #startedAt = null;
  #arrivedAt = null;
  #jitter = 0;
  #waits = [];

  /** Turns stood still: nothing that follows continues what was. */
  rest() {
    this.#startedAt = null;
    this.#arrivedAt = null;
  }

  arrived(turnMs, now) {
    if (this.#arrivedAt !== null) {
      const off = Math.abs(now - this.#arrivedAt - turnMs);
      // RFC 3550's estimate; a long gap is a pause and no jitter.
      if (off < 3 * turnMs) this.#jitter += (off - this.#jitter) / 16;
    }
    this.#arrivedAt = now;
  }

  /** What the packets should wait at least. */
  wanted(turnMs) {
    return Math.min(2 * this.#jitter + 2, turnMs / 2);
  }

  startAt(turnMs, now) {
    if (this.#startedAt === null) return now;
    const least = this.#waits.length < 8 ? this.wanted(turnMs) : Math.min(...this.#waits);
    const off = (this.wanted(turnMs) - least) / (4 * turnMs);
    return this.#startedAt + turnMs * Math.min(1.1, Math.max(0.9, 1 + off));
  }

  started(arrivedAt, dueAt, now) {
    // Timers are late by a few milliseconds: count from when it was due, or they add up.
    const isLate = now - dueAt >= 20;
    this.#startedAt = isLate ? now : dueAt;
    // What was waited before a stall says nothing about what will be waited after it.
    if (isLate) this.#waits.length = 0;
    this.#waits.push(now - arrivedAt);
    if (this.#waits.length > 32) this.#waits.shift();
  }
}

// ---- the session ---------------------------------------------------------------------------

const PROBE_MS = 1000;
const PROBES_QUICK = 5;
const PROBE_QUICK_MS = 200;
const SILENCE_MAX_MS = 6000;
const BACKOFF_MAX_MS = 8000;
const BATCH_TURNS_MAX = 200;
const BATCH_MS = 40;
const SUMS_MAX = 256;
const SIGNALS_PER_PACKET_MAX = 8;
const SIGNAL_WINDOW = 64;
const FETCH_MAX_MS = 30_000;
const FETCHES_MAX = 3;
const FRAMES_WAITING_MAX = 16_384;
/** Who is further behind does not hash its state: the verdict is there before it would count. */
const NEAR_TURNS = 32;

/** An engine that has not answered for this long hangs: for each turn of a batch, and for what it
 * does before the first. A timer that is this late says that the page stood still itself. */
const STEP_MAX_MS = 5000;
const LOAD_MAX_MS = 30_000;
const TIMER_LATE_MS = 1000;
const REPORT_CHARACTERS_MAX = 200;
/** How many different faults one page reports with which its game goes on. */
const REPORTS_MAX = 8;

/** The text of a report: one that can be written down, and not too long. */
function reported(text) {
  return [...text.replace(/\p{Surrogate}/gu, "\ufffd")].slice(0, REPORT_CHARACTERS_MAX).join("") || "it did not say why";
}

const rowOf = ({ seat, name, team, roles }) => ({ seat, name, team, roles });

const problem = (code, detail, status = 503) => ({ status, code, detail, title: detail, type: `urn:gameroom:problem:${code}` });

/**
 * One seat's (or watcher's) side of a room. Everything is told to it: `opened`, `received`,
 * `closed`, `engineReplied`, `tick`, always with the time in milliseconds. What it wants done
 * goes to its ports; `due` is when it wants to be ticked next.
 */
export class Session {
  status = "new";
  user = null;
  name = null;
  seat = null;
  roster = { seats: [], spectators: 0 };
  setup = {};
  states = [];
  variables = {};
  pace = { turn_ms: 0, ahead: 1, iterations: 1 };
  /** The last closed turn that is known, and the last one that the engine has run. */
  closed = 0;
  generation = 0;
  framerate = 0;
  ended = null;
  /** The latest news `back`, for whoever looks after it was told. */
  returned = null;
  /** The last generation whose checksum the room agreed on and our engine had too. */
  agreed = 0;
  /** resumedFrom: the turn of the snapshot from which the engine went on, 0 for none. */
  counters = { caughtUp: 0, losses: 0, stalls: 0, resumedFrom: 0 };

  #ports;
  #definition;
  #seed;
  #random;
  #outbox;
  #memory;
  #every;
  #stepMax;
  #patience = STEP_MAX_MS;
  /** The turn that the engine was asked to run, or to run first. */
  #asking = 0;
  #brokenBy = "";
  #seq = 0;
  #headSeq = 0;
  #backTo = null;
  #nextId = 1;
  #asked = new Map();
  #attempts = 0;
  #connectAt = null;
  #closedBecause = "";
  #heardAt = 0;
  #probeAt = null;
  #probe = null;
  #probes = 0;
  #latency = 0;
  #rtt = 0;
  #resendAt = null;
  #hidden = false;
  #engine = { epoch: 0, started: false, busy: false, failed: false, dead: false, loading: null };
  /** When the engine hangs, unless it answers before; null while it is not asked anything. */
  #hangsAt = null;
  /** What is reported of the engine that cannot go on, and when it is said once more. */
  #failure = null;
  #reportAt = null;
  #reported = new Set();
  #steps = [];
  #catching = false;
  #speakAfter = null;
  #playAt = null;
  #timing = new Pace();
  #turnMs = 0;
  #stepMs = 0;
  #owed = [];
  #signals = [];
  #sums = new Map();
  #bornSeq = 0;
  #newsSeq = 0;
  #isNews = true;
  #stateEvery;
  #state = null;
  #agreements = new Map();
  #restores = true;
  #resuming = null;
  #unfetched = 0;

  /**
   * ports: connect(), hangUp(), send(frame), engine(order), tell(name, detail), keep(memory),
   * fetchState(snapshot), answered by `stateFetched`, sendState(generation), and kill(): the engine
   * hangs, end its worker.
   * random: () => a number from 0 to 1, for the jitter of reconnects.
   * drawId: () => a whole number from 1 to 2^53 - 1, another one each time.
   * memory: what `keep` was given in an earlier life of the page, or null.
   * stepMax: milliseconds after which an engine hangs that has not answered.
   */
  constructor(ports, { definition, seed, random, drawId = randomId, memory = null, stepMax = STEP_MAX_MS }) {
    this.#ports = ports;
    this.#definition = definition;
    this.#seed = seed;
    this.#random = random;
    this.#memory = memory;
    this.#stepMax = stepMax;
    this.#stateEvery = policyOf(definition, "snapshots", "every");
    this.#every = policyOf(definition, "divergence", "checksum_every");
    this.#turnMs = this.pace.turn_ms = policyOf(definition, "pace", "turn", "low");
    this.#outbox = new Outbox(perTurnMax(definition), drawId);
  }

  // -- what the shell may look at --

  /** The round trip in milliseconds, smoothed; 0 when it is not known yet. */
  get rtt() {
    return Math.round(this.#rtt);
  }

  get commands() {
    return { ...this.#outbox.counts, waiting: this.#outbox.waiting };
  }

  get isRunning() {
    return this.states.includes("running");
  }

  get isIterating() {
    return this.#definition.states.some((one) => one.iterates && this.states.includes(one.path));
  }

  /** When to tick next, null when nothing is due by itself. */
  get due() {
    const times = [this.#connectAt, this.#probeAt, this.#playAt, this.#resendAt, this.#hangsAt, this.#reportAt];
    const open = times.filter((at) => at !== null);
    return open.length > 0 ? Math.min(...open) : null;
  }

  /** Words by which the room file may mean this person. */
  get kinds() {
    const row = this.roster.seats.find((one) => one.seat === this.seat);
    if (row === undefined) return new Set([this.seat === null ? "spectator" : "player"]);
    return new Set(["player", ...(row.team ? [row.team] : []), ...row.roles]);
  }

  allows(name) {
    return ruling(this.#definition, this.states, name, this.kinds) === "allow";
  }

  checksum(generation) {
    return this.#sums.get(generation);
  }

  // -- the connection --

  start(now) {
    this.#status("connecting");
    this.#connectAt = null;
    this.#heardAt = now;
    this.#probeAt = now + SILENCE_MAX_MS;
    this.#ports.connect();
  }

  opened(now) {
    this.#heardAt = now;
    this.#ask("PUT", "/session", { seq: this.#seq, snapshots: this.#restores }, (status, body) => {
      if (status === 200 && body.snapshot) this.#resume(body);
      else if (status === 200) this.#welcomed(body, this.#heardAt);
      else if (body?.code === "seq_ahead") this.#forget();
      else this.#ports.tell("problem", body);
    });
  }

  /** Much is missing: the events that follow go on from a snapshot, whose state comes first. */
  #resume(hello) {
    this.#resuming = { hello, frames: [] };
    this.#ports.fetchState(hello.snapshot);
  }

  /** The bytes of a snapshot's state, null where they could not be had. */
  stateFetched({ generation }, bytes, now) {
    if (this.#resuming?.hello.snapshot.generation !== generation) return;
    const { hello, frames } = this.#resuming;
    this.#resuming = null;
    if (bytes === null) {
      this.#unfetched += 1;
      this.#restores = this.#unfetched < FETCHES_MAX;
      this.#ports.hangUp();
      this.lost(1006, now, "the snapshot could not be fetched");
      return;
    }
    this.#goOnFrom(hello.snapshot, bytes);
    this.#welcomed(hello, now);
    for (const frame of frames) this.received(frame, now);
  }

  #goOnFrom(snapshot, bytes) {
    const { generation, seq, sha256, begin, setup, roster, chart } = snapshot;
    this.#startAnew();
    this.#seq = this.#bornSeq = seq;
    this.#newsSeq = Math.max(this.#newsSeq, seq);
    this.generation = this.counters.resumedFrom = generation;
    this.closed = Math.max(this.closed, generation);
    this.#heard("setup", setup);
    this.#heard("roster", roster);
    Object.assign(this, { states: chart.states, variables: chart.variables });
    this.#ports.tell("chart", { ...chart, generation });
    this.#steps.push({
      order: {
        op: "restore",
        generation,
        begin: { setup: begin.setup, seats: begin.seats.map(rowOf), states: begin.states },
        seed: this.#seed,
        states: chart.states,
        seats: roster.seats.map((row) => row.seat),
        sha256,
        bytes,
      },
    });
  }

  #welcomed(body, now) {
    const isBack = this.user !== null;
    Object.assign(this, { user: body.user, name: body.name, seat: body.seat });
    this.pace.turn_ms = body.turn_ms;
    this.pace.ahead = body.ahead;
    this.#headSeq = body.seq;
    // An engine that begins now has been repaired of all that was said before.
    if (this.#seq === 0) this.#bornSeq = body.seq;
    this.closed = Math.max(this.closed, body.generation);
    this.#attempts = 0;
    this.#timing.rest();
    this.#probes = 0;
    this.#probeAt = now;
    if (!isBack && this.#memory?.user === body.user) this.#outbox.recall(this.#memory);
    this.#memory = null;
    const again = this.#outbox.again(body.heard);
    if (body.snapshot) this.#outbox.skip(Math.min(body.heard, body.snapshot.generation));
    this.#outbox.countFrom(Math.max(body.generation, body.heard));
    this.#outbox.sentUpTo = Math.max(this.#outbox.sentUpTo, body.heard);
    this.#backTo = { from: this.generation, to: body.generation, at: now, again: isBack };
    this.#status("live");
    // A connection begins as one of a page that is seen.
    if (this.#hidden) this.#tellHidden();
    this.#tellFailure();
    for (const packet of again) this.#put(packet);
    this.#settled(now);
  }

  /** The server knows less than we do (it lost its disk): start from its beginning. */
  #forget() {
    this.closed = 0;
    this.#newsSeq = 0;
    this.#outbox.sentUpTo = 0;
    this.#beginAgain(this.#heardAt);
  }

  /** A new engine, from the room's first event on. What was said stands: it is not said twice. */
  #beginAgain(now) {
    this.#startAnew();
    this.#ports.hangUp();
    this.lost(1012, now);
  }

  #startAnew() {
    this.#seq = 0;
    this.generation = 0;
    this.states = [];
    this.#sums.clear();
    this.#agreements.clear();
    this.#owed = [];
    this.#signals = [];
    this.#state = null;
    this.#resetEngine();
  }

  lost(code, now, reason = "") {
    if (this.status === "closed" || this.status === "displaced") return;
    this.#resuming = null;
    this.#probe = null;
    this.#probeAt = null;
    this.#resendAt = null;
    const { again, meaning } = closing(code);
    if (again === "never" || again === "by hand") {
      this.#connectAt = null;
      this.#closedBecause = meaning;
      this.#status(again === "never" ? "closed" : "displaced", { code, meaning, reason });
      this.#answerUnheard();
      return;
    }
    const first = again === "at once" ? 0 : 500;
    const grown = this.#attempts === 0 ? first : Math.min(BACKOFF_MAX_MS, 250 * 2 ** this.#attempts);
    // Half of it by chance: or all would come back in the same moment.
    this.#connectAt = now + Math.round(grown / 2 + (grown / 2) * this.#random());
    this.#attempts += 1;
    if (this.status === "live") this.counters.losses += 1;
    this.#status("away", { code, meaning, at: this.#connectAt });
    this.#answerUnheard();
  }

  /** What was asked over a line that is gone has no answer any more. */
  #answerUnheard() {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const answer of asked) answer(503, this.#unreachable());
  }

  /** Why the room does not hear us now. */
  #unreachable() {
    if (this.ended !== null) return problem("ended", "The room has ended.", 410);
    if (this.status === "closed") return problem("closed", `${this.#closedBecause.replace(/^./, (first) => first.toUpperCase())}.`, 410);
    if (this.status === "displaced") {
      return problem("displaced", "This seat is played from another window now. Take it back to go on here.", 409);
    }
    return problem("away", "You are not connected; it comes back by itself.");
  }

  /** The network is back, the page is shown, or somebody asked: do not wait any longer. */
  wake(now) {
    if (this.status === "away") this.start(now);
    else if (this.status === "live") this.#probeAt = now;
  }

  takeBack(now) {
    if (this.status === "displaced") this.start(now);
  }

  stop() {
    this.#closedBecause = closing(1000).meaning;
    this.#status("closed", { code: 1000, ...closing(1000) });
    this.#answerUnheard();
    this.#connectAt = this.#probeAt = this.#playAt = this.#resendAt = this.#hangsAt = this.#reportAt = null;
    this.#ports.hangUp();
  }

  /** The page is out of sight, or back: out of sight it plays on while it is let, and the room
   * need not wait for it when it is not. */
  hide(hidden, now) {
    const changed = hidden !== this.#hidden;
    this.#hidden = hidden;
    this.#timing.rest();
    if (changed && this.status === "live") this.#tellHidden();
    this.wake(now);
    this.#play(now);
  }

  #tellHidden() {
    if (this.seat === null) return;
    const method = this.#hidden ? "PUT" : "DELETE";
    this.request(method, "/players/me/hidden").catch((why) => this.#ports.tell("problem", why));
  }

  tick(now) {
    if (this.#connectAt !== null && now >= this.#connectAt) this.start(now);
    if (this.#resendAt !== null && now >= this.#resendAt) {
      this.#resendAt = null;
      for (const packet of this.#outbox.packets) this.#put(packet);
    }
    if (this.#probeAt !== null && now >= this.#probeAt) this.#probeNow(now);
    if (this.#playAt !== null && now >= this.#playAt) this.#play(now);
    if (this.#reportAt !== null && now >= this.#reportAt) this.#tellFailure();
    if (this.#hangsAt !== null && now >= this.#hangsAt) this.#watch(now);
  }

  /** The engine has not answered. Where this page stood still too, it has all the time once more. */
  #watch(now) {
    const late = now - this.#hangsAt;
    if (late >= TIMER_LATE_MS) {
      this.#hangsAt = now + this.#patience;
      return;
    }
    this.#engine.dead = true;
    this.#ports.kill();
    const message = `it has not answered for ${this.#patience / 1000} s`;
    this.#fail({ generation: this.#asking, error: { name: "Error", message, stack: "" } });
  }

  /** A round trip that measures latency and finds a dead connection before the system does. */
  #probeNow(now) {
    const patience = this.#resuming === null ? SILENCE_MAX_MS : FETCH_MAX_MS;
    const silent = now - Math.max(this.#heardAt, this.#probe ?? 0) >= patience;
    if (silent && (this.#probe !== null || this.status !== "live")) {
      this.#ports.hangUp();
      this.lost(1006, now, "nothing was heard");
      return;
    }
    this.#probeAt = now + (this.#probes < PROBES_QUICK ? PROBE_QUICK_MS : PROBE_MS);
    if (this.status !== "live" || this.#probe !== null) return;
    this.#probe = now;
    this.#ask("GET", "/time", null, (status) => {
      if (status === 200) {
        this.#probes += 1;
        this.#latency = Math.max(1, Math.round(this.#heardAt - this.#probe));
        this.#rtt += (this.#latency - this.#rtt) / (this.#rtt === 0 ? 1 : 4);
      }
      this.#probe = null;
    });
  }

  #status(status, why = {}) {
    this.status = status;
    this.#ports.tell("status", { status, ...why });
  }

  // -- asking --

  #ask(method, path, body, answered) {
    const id = this.#nextId++;
    this.#ports.send(body === null ? { id, method, path } : { id, method, path, body });
    this.#asked.set(id, answered);
  }

  /** Asks the room; a refusal rejects with its problem body. */
  request(method, path, body = null) {
    return new Promise((resolve, reject) => {
      const answered = (status, said) => (status < 400 ? resolve(said) : reject(said));
      if (this.status === "live") this.#ask(method, path, body, answered);
      else answered(503, this.#unreachable());
    });
  }

  /** A command of the player, or a request that the room file declares. False: it is refused at
   * once, as `rejected` has told. */
  command(name, body = {}) {
    const why = this.#misfit(name, body) ?? this.#queue(name, body);
    if (why !== null) this.#refused(name, body, why);
    return why === null;
  }

  #misfit(name, body) {
    const { commands, requests } = this.#definition;
    const declared = [...commands, ...requests].find((one) => one.name === name);
    if (declared === undefined) return problem("no_such_command", `This room has no command \`${name}\`.`);
    const why = misfitBody(declared.fields, body);
    return why === null ? null : problem("bad_command", `In \`${name}\`, ${why}.`);
  }

  #queue(name, body) {
    const tooMany = problem("too_many", "Too many commands are waiting.");
    if (!this.#definition.commands.some((one) => one.name === name)) {
      if (this.#asked.size >= COMMANDS_WAITING_MAX) return tooMany;
      this.request("POST", `/requests/${name}`, body).catch((said) => this.#refused(name, body, said));
      return null;
    }
    if (this.seat === null) return problem("not_a_player", "You are watching: only players command.");
    // Kept for a line that comes back by itself, and for no other.
    if (this.ended !== null || ["closed", "displaced"].includes(this.status)) return this.#unreachable();
    if (!this.#outbox.put({ name, body: structuredClone(body) })) return tooMany;
    this.#keep();
    return null;
  }

  #refused(name, body, why) {
    this.#ports.tell("rejected", {
      name, body, code: why.code, detail: why.detail, state: why.state ?? null, allowed: why.allowed ?? [],
    });
  }

  #keep() {
    if (this.seat !== null) this.#ports.keep({ user: this.user, ...this.#outbox.memory() });
  }

  // -- hearing --

  received(frame, now) {
    this.#heardAt = now;
    if (frame.status !== undefined) {
      const answered = this.#asked.get(frame.id);
      this.#asked.delete(frame.id);
      if (answered) answered(frame.status, frame.body ?? null);
      else if (frame.status >= 400) this.#ports.tell("problem", frame.body);
      return;
    }
    if (this.#resuming !== null) {
      this.#resuming.frames.push(frame);
      if (this.#resuming.frames.length > FRAMES_WAITING_MAX) this.stateFetched(this.#resuming.hello.snapshot, null, now);
      return;
    }
    if (frame.event === "rejected") {
      this.#rejected(frame.body, now);
      return;
    }
    // Exactly once, in order: what was seen is passed over, a gap means to ask again.
    if (frame.seq <= this.#seq) return;
    if (frame.seq !== this.#seq + 1) {
      this.#ports.hangUp();
      this.lost(1006, now, "an event is missing");
      return;
    }
    this.#seq = frame.seq;
    this.#isNews = frame.seq > this.#newsSeq;
    this.#newsSeq = Math.max(this.#newsSeq, frame.seq);
    this.#heard(frame.event, frame.body, now);
    this.#settled(now);
  }

  #heard(event, body, now) {
    switch (event) {
      case "turn":
        this.#turn(body, now);
        break;
      case "roster":
        this.roster = body;
        this.#ports.tell("roster", body);
        break;
      case "setup":
        this.setup = body.settings;
        this.#ports.tell("setup", body);
        break;
      case "chart":
        this.#chart(body.chart, body.generation);
        break;
      case "ended":
        this.ended = body;
        this.#ports.tell("ended", body);
        break;
      case "verified":
        // We are asked for the bytes: others have the same, so ours are as good.
        if (body.seat === this.seat && body.generation === this.#state?.generation && body.sha256 === this.#state.sha256) {
          this.#ports.sendState(body.generation);
        }
        break;
      case "repair":
        if (this.#isNews) this.#ports.tell(event, body);
        if (body.seats.includes(this.seat) && this.#seq > this.#bornSeq) this.#beginAgain(now);
        break;
      case "diverged":
        if (this.#isNews) this.#ports.tell(event, body);
        if (this.#isNews) this.#testify(body);
        break;
      default:
        if (this.#isNews) this.#ports.tell(event, body);
    }
  }

  /** The room compared our checksum of this generation with others: what was our state then?
   * The engine is asked at once, before a repair makes it forget; its answer is the shell's. */
  #testify({ generation, values }) {
    if (this.seat === null || values[this.seat] === undefined || this.generation < generation) return;
    this.#ports.engine({ op: "evidence", generation, epoch: this.#engine.epoch });
  }

  #turn(packet, now) {
    const { generation } = packet;
    this.closed = Math.max(this.closed, generation);
    const taken = this.roster.seats.map(({ seat }) => seat);
    if (!this.#engine.failed) this.#steps.push({ packet, states: this.states, taken, arrivedAt: now, turnMs: this.#turnMs });
    if (this.status === "live" && this.#seq > this.#headSeq) this.#timing.arrived(this.#turnMs, now);
    this.#turnMs = packet.turn_ms;
    this.pace = {
      turn_ms: packet.turn_ms, ahead: packet.ahead, iterations: packet.iterations_per_command,
    };
    if (this.seat !== null && this.#outbox.settle(packet, this.seat)) this.#keep();
    this.#ports.tell("turn", packet);
    if (packet.checksum !== null) this.#compare(packet.checksum);
    if (packet.chart !== null) this.#chart(packet.chart, generation);
  }

  #chart(chart, generation) {
    const wasRunning = this.isRunning;
    this.states = chart.states;
    this.variables = chart.variables;
    this.#ports.tell("chart", { ...chart, generation });
    if (this.isRunning && !wasRunning) this.#begin(generation);
    if (!this.isIterating) this.#timing.rest();
  }

  /** The room entered `running`: from here on the engine plays what follows. */
  #begin(generation) {
    this.#engine.started = false;
    if (this.#engine.dead) return;
    this.#engine.failed = false;
    this.#failure = null;
    // The room knows no line yet: some quick round trips, so that it soon finds its pace.
    this.#probes = 0;
    this.#steps.push({
      order: {
        op: "init",
        generation,
        setup: this.setup,
        seats: this.roster.seats.map(rowOf),
        seed: this.#seed,
        states: this.states,
      },
    });
  }

  #rejected({ generation, index, problem: why }, now) {
    if (index !== null && index !== undefined) {
      this.#rejectedOne(generation, index, why);
      this.#keep();
    } else if (why.code === "too_late") {
      // The room took no packet of ours for this turn, and never will.
      this.#outbox.queue.unshift(...this.#outbox.empty(generation));
      this.#keep();
    } else if ([400, 413, 422].includes(why.status)) {
      // The room will never take this packet: its generation still needs one.
      const commands = this.#outbox.empty(generation);
      this.#outbox.counts.refused += commands.length;
      for (const command of commands) this.#refused(command.name, command.body, why);
      const packet = this.#outbox.packets.find((one) => one.generation === generation);
      if (packet) this.#put({ ...packet, signals: [] });
      this.#keep();
    } else if (why.status === 429 || why.code === "too_early") {
      this.#resendAt = now + (why.retry_after_ms ?? 200);
    } else this.#ports.tell("problem", why);
  }

  #rejectedOne(generation, index, why) {
    if (why.code === "repeated_command") this.#outbox.confirm(generation, index);
    else if (why.code !== "too_late" || !this.#outbox.missed(generation, index)) {
      const command = this.#outbox.refuse(generation, index);
      if (command) this.#refused(command.name, command.body, why);
      else this.#ports.tell("problem", why);
    }
  }

  /** After every event: is there something to load, to play, or to say? */
  #settled(now) {
    if (this.#seq < this.#headSeq || this.status !== "live") {
      this.#play(now);
      return;
    }
    this.#load(now);
    this.#play(now);
    this.#returned(now);
  }

  #returned(now) {
    if (this.#backTo === null || this.#engine.busy || this.generation < this.#backTo.to) return;
    if (this.isRunning && !this.#engine.started) return;
    const { from, to, at, again } = this.#backTo;
    this.#backTo = null;
    this.counters.caughtUp += Math.max(0, to - from);
    this.returned = { again, turns: Math.max(0, to - from), ms: now - at, ...this.commands };
    this.#ports.tell("back", this.returned);
    this.#speak(this.generation, true);
  }

  // -- the engine --

  #order(order, now) {
    this.#engine.busy = true;
    this.#asking = order.turns?.[0].generation ?? order.generation ?? 0;
    this.#patience = order.op === "steps" ? this.#stepMax : Math.max(LOAD_MAX_MS, this.#stepMax);
    this.#hangsAt = now + this.#patience;
    this.#ports.engine({ ...order, epoch: this.#engine.epoch });
  }

  #resetEngine() {
    const { epoch, dead } = this.#engine;
    this.#engine = { epoch: epoch + 1, started: false, busy: false, failed: dead, dead, loading: null };
    if (!dead) this.#failure = null;
    this.#steps = [];
    this.#playAt = null;
    this.#hangsAt = null;
  }

  /** A state allows `load`: let the engine check the setup, and say what it says. */
  #load(now) {
    if (this.isRunning) return;
    const row = this.roster.seats.find((one) => one.seat === this.seat);
    if (row === undefined || !this.allows("load")) {
      this.#engine.loading = null;
      return;
    }
    const wanted = JSON.stringify([this.setup, this.roster.seats.map((one) => [one.seat, one.user, one.team])]);
    if (row.loaded || this.#engine.loading === wanted || this.#engine.busy) return;
    this.#engine.loading = wanted;
    if (this.#engine.dead) {
      this.#loaded([this.#brokenBy]);
      return;
    }
    const seats = this.roster.seats.map(rowOf);
    this.#order({ op: "load", setup: this.setup, seats, seed: this.#seed, states: this.states }, now);
  }

  #loaded(reasons) {
    const news = reasons.length > 0 ? { refused: reasons } : { loaded: true };
    this.#ports.tell("loaded", { reasons });
    this.request("PUT", "/players/me/engine", news).catch((why) => this.#ports.tell("problem", why));
  }

  /** The engine could not be made at all: only another page can. */
  engineBroken({ error }, now) {
    this.#engine.dead = true;
    this.#fail({ generation: this.generation, error });
    this.#settled(now);
  }

  /** The engine can't go on: it is named here and to the room, and no packet is sent any more. */
  #fail({ generation = this.generation, error, during }) {
    Object.assign(this.#engine, { failed: true, busy: false });
    this.#hangsAt = this.#playAt = null;
    this.#steps = [];
    const text = reported(error?.message || error?.name || "");
    this.#brokenBy = reported(`The engine failed: ${text}`);
    this.#failure = { kind: "engine", generation, text };
    this.#ports.tell("broken", { generation, error, during });
    if (during === "load" || !this.isRunning) this.#engine.loading = null;
    this.#tellFailure();
  }

  #tellFailure() {
    this.#reportAt = null;
    if (this.#failure === null || this.seat === null || this.status !== "live" || !this.isRunning) return;
    this.request("PUT", "/players/me/failure", this.#failure).catch(({ retry_after_ms: wait }) => {
      if (wait !== undefined) this.#reportAt = this.#heardAt + wait;
    });
  }

  /** A fault with which the game goes on: told once, here and in the room's log. */
  #report({ kind, generation, text }, isTold = false) {
    const said = reported(text);
    const key = `${kind} ${said}`;
    if (this.#reported.has(key) || this.#reported.size >= REPORTS_MAX) return;
    this.#reported.add(key);
    if (!isTold) this.#ports.tell("report", { kind, generation, text: said });
    if (this.seat === null || this.status !== "live") return;
    this.request("PUT", "/players/me/failure", { kind, generation, text: said }).catch(() => {});
  }

  /** The game's view has a fault, as the page has been told. */
  viewFailed({ part, detail }) {
    this.#report({ kind: "view", generation: this.generation, text: `${part}: ${detail}` }, true);
  }

  engineReplied(reply, now) {
    if (reply.epoch !== this.#engine.epoch || this.#engine.dead) return;
    if (reply.op === "progress") {
      this.#asking = reply.generation;
      this.#hangsAt = now + this.#patience;
      return;
    }
    this.#engine.busy = false;
    this.#hangsAt = null;
    if (reply.unshown) this.#report({ kind: "view", generation: reply.generation, text: reply.unshown });
    switch (reply.op) {
      case "loaded":
        this.#loaded(reply.reasons);
        break;
      case "inited":
      case "restored":
        this.#engine.started = true;
        this.generation = reply.generation;
        this.#owed = [];
        this.#signals = [];
        if (this.generation >= this.closed) this.#speak(this.generation, true);
        break;
      case "stepped":
        this.#stepped(reply);
        break;
      case "failed":
        if (reply.during === "restore") {
          // What others could go on from, this engine can't: it takes the long way.
          this.#restores = false;
          this.#ports.tell("problem", problem("not_restored", reply.error.message));
          this.#beginAgain(now);
          return;
        }
        this.#fail(reply);
        return;
      default:
        this.#ports.tell(reply.op, reply);
    }
    this.#settled(now);
  }

  #stepped({ generation, sums, signals, ms, turns, iterations, sync, state, unkept }) {
    this.generation = generation;
    if (iterations > 0) {
      const each = ms / iterations;
      this.#stepMs = this.#stepMs === 0 ? ms / turns : this.#stepMs * 0.8 + (ms / turns) * 0.2;
      const rate = Math.min(1000, Math.max(1, Math.floor(1000 / Math.max(each, 0.1))));
      this.framerate = this.framerate === 0 ? rate : Math.round(this.framerate * 0.8 + rate * 0.2);
    }
    for (const [of, value] of sums) {
      this.#sums.set(of, value);
      if (of % this.#every === 0) this.#owed.push({ generation: of, value });
      if (this.#agreements.has(of)) this.#compare({ generation: of, value: this.#agreements.get(of) });
    }
    for (const of of this.#agreements.keys()) if (of <= generation) this.#agreements.delete(of);
    if (state) this.#tellState(state);
    if (unkept) this.#report({ kind: "snapshot", generation: unkept.generation, text: unkept.why });
    for (const of of [...this.#sums.keys()].slice(0, -SUMS_MAX)) this.#sums.delete(of);
    this.#owed.splice(0, this.#owed.length - 4);
    const fitting = signals.filter((signal) => this.#fits(signal));
    this.#signals.push(...fitting.filter((one) => one.generation > this.closed - SIGNAL_WINDOW));
    this.#ports.tell("played", { generation, checksum: this.#sums.get(generation) ?? null, signals: fitting, ms, turns });
    if (sync) this.#ports.tell("sync", sync);
    if (this.#speakAfter !== null && generation >= this.#speakAfter) {
      this.#speakAfter = null;
      this.#speak(generation);
    }
  }

  /** A signal that does not fit is named and not sent: the room would refuse it, or the packet. */
  #fits({ generation, name, body, why = null }) {
    const declared = this.#definition.signals.find((one) => one.name === name);
    const misfits = declared === undefined ? null : misfitBody(declared.fields, body);
    const text = why ?? (declared === undefined ? `This room has no signal \`${name.slice(0, 40)}\`.` : misfits && `In \`${name}\`, ${misfits}.`);
    if (text !== null) this.#report({ kind: "signal", generation, text });
    return text === null;
  }

  #tellState({ generation, sha256, size }) {
    if (this.seat === null || this.status !== "live") return;
    this.#state = { generation, sha256 };
    // Who is too late for the verdict, or under repair, is told so; it matters to nobody.
    this.request("PUT", `/snapshots/${generation}/hash`, { sha256, size }).catch(() => {});
  }

  /** What the room agreed on, against what this engine had: a watcher verifies what it sees. */
  #compare({ generation, value }) {
    const own = this.#sums.get(generation);
    if (own === undefined) {
      // Not run yet: to be compared when it is.
      if (generation > this.generation) this.#agreements.set(generation, value);
      if (this.#agreements.size > SUMS_MAX) this.#agreements.delete(this.#agreements.keys().next().value);
    } else if (own !== value) this.#ports.tell("differs", { generation, own, agreed: value });
    else if (generation > this.agreed) {
      this.agreed = generation;
      this.#ports.tell("agrees", { generation });
    }
  }

  /** Plays what is due: one turn at its time, or many at once when we are behind. */
  #play(now) {
    this.#playAt = null;
    if (this.#engine.busy || this.#engine.failed || this.#steps.length === 0) return;
    const [next] = this.#steps;
    if (next.order) {
      this.#steps.shift();
      this.#order(next.order, now);
      return;
    }
    const behind = this.closed - this.generation;
    // Whom the room waits for is never further behind than that: it goes on without us.
    if (behind > this.pace.ahead) this.#catching = true;
    else if (behind <= 1) this.#catching = false;
    if (this.#catching || this.#hidden) {
      this.#playMany(behind, now);
      return;
    }
    const at = this.#timing.startAt(next.turnMs, now);
    if (now < at) {
      this.#playAt = at;
      return;
    }
    this.#timing.started(next.arrivedAt, at, now);
    if (next.arrivedAt > at + 20) this.counters.stalls += 1;
    this.#steps.shift();
    this.#step([next], next.turnMs, now);
    this.#speak(next.packet.generation);
  }

  #playMany(behind, now) {
    const most = Math.max(1, Math.min(BATCH_TURNS_MAX, Math.floor(BATCH_MS / Math.max(this.#stepMs, 0.2))));
    const stop = this.#steps.findIndex((one) => one.order);
    const turns = this.#steps.splice(0, Math.min(most, stop < 0 ? this.#steps.length : stop));
    const last = turns.at(-1).packet.generation;
    this.#timing.rest();
    this.#step(turns, 50, now);
    if (last < this.closed) return;
    // A long way back is walked before we count again; a hidden page answers at once.
    if (behind > this.pace.ahead) this.#speakAfter = last;
    else this.#speak(last);
  }

  #step(turns, glideMs, now) {
    this.#order({
      op: "steps",
      turns: turns.map(({ packet, states, taken }) => ({
        generation: packet.generation,
        iterations: packet.iterations_per_command,
        commands: packet.commands.flatMap(({ seat, commands }) =>
          commands.map(({ name, body }) => ({ seat, name, body }))),
        states,
        seats: taken,
      })),
      turn_ms: glideMs,
      length_ms: turns.at(-1).turnMs,
      every: this.#every,
      stateEvery: this.seat !== null && this.closed - turns.at(-1).packet.generation <= NEAR_TURNS ? this.#stateEvery : 0,
      scene: !this.#hidden,
    }, now);
  }

  /** The client's rule: on starting `generation`, a packet for every one up to ahead of it. */
  #speak(generation, isBack = false) {
    if (this.seat === null || this.status !== "live" || !this.isRunning) return;
    if (this.#seq < this.#headSeq) return;
    const first = Math.max(this.#outbox.sentUpTo, this.closed) + 1;
    const last = generation + this.pace.ahead;
    let carried = 0;
    for (let of = first; of <= last; of += 1) {
      const packet = this.#packet(of);
      carried += packet.commands.length;
      this.#put(packet);
    }
    if (carried > 0) this.#keep();
    if (first > last && isBack) this.#repeat();
  }

  #packet(generation) {
    const owed = this.#owed.findIndex((one) => one.generation < generation);
    const checksum = owed < 0 ? null : this.#owed.splice(owed, 1)[0];
    const signals = this.#signals.splice(0, SIGNALS_PER_PACKET_MAX);
    const latency = this.#latency === 0 ? 0 : this.#latency + Math.round(this.#hidden ? 0 : this.#timing.wanted(this.#turnMs));
    this.#latency = 0;
    return this.#outbox.packet(generation, { checksum, latency, framerate: this.framerate, signals });
  }

  /** We are back and everything was heard already: one packet again says that we are here. */
  #repeat() {
    const generation = this.#outbox.sentUpTo;
    const kept = this.#outbox.packets.find((one) => one.generation === generation);
    this.#put(kept ?? { generation, commands: [], checksum: null, latency: 0, framerate: 0, signals: [] });
  }

  #put({ generation, commands, checksum, latency, framerate, signals }) {
    // A packet says that the engine runs.
    if (this.status !== "live" || this.#engine.failed) return;
    const body = {
      generation, commands: commands.map((one) => ({ name: one.name, body: one.body })), checksum, latency, framerate, signals,
    };
    if (commands.length > 0) body.ids = commands.map((one) => one.id ?? 0);
    this.#ports.send({ method: "PUT", path: `/turns/${generation}`, body });
  }
}

/** The development switch's bad network: slow, but never out of order, whatever timers do. */
export class SlowLine {
  #waiting = [];
  #armed = false;
  #now;
  #after;

  /** now: () => milliseconds. after: (act, ms), as setTimeout. */
  constructor(now = () => performance.now(), after = (act, ms) => setTimeout(act, ms)) {
    this.#now = now;
    this.#after = after;
  }

  put(delayMs, act) {
    this.#waiting.push({ at: this.#now() + delayMs, act });
    this.#drain();
  }

  #drain() {
    while (this.#waiting.length > 0 && this.#waiting[0].at <= this.#now()) this.#waiting.shift().act();
    if (this.#waiting.length === 0 || this.#armed) return;
    this.#armed = true;
    this.#after(() => {
      this.#armed = false;
      this.#drain();
    }, Math.ceil(this.#waiting[0].at - this.#now()));
  }
}

// ---- the sandbox: engine and view, out of reach of everything ------------------------------

const here = (name) => new URL(name, import.meta.url).href;

async function textOf(url) {
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.text();
}

/** The source behind a link {url, sha256}, refused unless its hash is the one that was told. */
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

/** How long after a view's messages the page lets it send more. */
const SENDS_PAUSE_MS = 50;

/** The frame with engine and view. `heard` is told {engine: reply}, {send}, {problem}. */
export class Sandbox {
  #frame = document.createElement("iframe");
  #engine = new MessageChannel();
  #view = new MessageChannel();
  #waiting = [];
  #ready = false;
  #taken = { sends: 0, problems: 0 };
  #saysTaken = null;

  /** kit: the source of what the engine works with; without one it is this server's. sync: whether
   * the engine's worker runs the sync test. */
  constructor(element, { engine, view, heard, kit = null, sync = false }) {
    this.#frame.title = "The game";
    this.#frame.setAttribute("sandbox", "allow-scripts");
    this.#frame.className = "gameroom-frame";
    if (element === null) this.#frame.hidden = true;
    const own = ["sandbox", "worker", "lockdown", "source", "twin", "evidence"].map((one) => textOf(here(`./${one}.js`)));
    const sources = Promise.all([...own, kit ?? textOf(here("./kit.js"))]);
    const begin = async (event) => {
      if (event.source !== this.#frame.contentWindow || event.data?.sandbox !== "ready") return;
      removeEventListener("message", begin);
      try {
        const [boot, worker, lockdown, source, twin, evidence, tools] = await sources;
        const parts = { lockdown, source, twin, evidence, kit: tools, engine };
        const ports = [this.#engine.port2, this.#view.port2];
        // The frame's origin is opaque: only "*" names it. Nothing in here is a secret.
        this.#frame.contentWindow?.postMessage({ boot, worker, parts, sync, view }, "*", ports);
      } catch (error) {
        broken(error.message);
      }
    };
    const broken = (message) => heard({ engine: { op: "broken", error: { name: "Error", message, stack: "" } } });
    let loads = 0;
    this.#frame.onload = () => {
      loads += 1;
      if (loads > 1) broken("its view left the frame in which it ran");
    };
    addEventListener("message", begin);
    this.#engine.port1.onmessage = ({ data }) => {
      if (data.op === "ready") {
        this.#ready = true;
        for (const order of this.#waiting.splice(0)) this.#engine.port1.postMessage(order);
      } else heard({ engine: data });
    };
    // The view is uploaded code: it may ask for these two things and for nothing else.
    this.#view.port1.onmessage = ({ data }) => {
      if (data?.send) {
        this.#take("sends");
        heard({ send: { name: String(data.send.name), body: data.send.body ?? {} } });
      } else if (data?.problem) {
        this.#take("problems");
        heard({ problem: data.problem });
      }
    };
    this.#frame.src = here("./sandbox.html");
    (element ?? document.body).append(this.#frame);
  }

  order(order) {
    if (this.#ready) this.#engine.port1.postMessage(order);
    else this.#waiting.push(order);
  }

  tell(what) {
    this.#view.port1.postMessage(what);
  }

  /** Ends the engine's worker, whatever it is doing. */
  kill() {
    this.tell({ stop: true });
  }

  /** The view may go on, after a pause: whatever it does, this page has time for others. */
  #take(what) {
    this.#taken[what] += 1;
    this.#saysTaken ??= setTimeout(() => {
      this.#saysTaken = null;
      this.tell({ taken: this.#taken });
    }, SENDS_PAUSE_MS);
  }

  close() {
    clearTimeout(this.#saysTaken);
    this.#engine.port1.close();
    this.#view.port1.close();
    this.#frame.remove();
  }
}

// ---- the browser shell ---------------------------------------------------------------------

function api(method, url, body) {
  return asked(method, url, body === undefined ? undefined : JSON.stringify(body));
}

/** A body that is JSON already, as text or bytes. */
const put = (url, body) => asked("PUT", url, body);

async function asked(method, url, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(url, { method, headers, credentials: "same-origin", cache: "no-store", body });
  const said = await response.json().catch(() => null);
  if (response.ok) return said;
  throw new RoomError(said ?? { status: response.status, code: "unknown", detail: response.statusText });
}

/** Hands the server what the engine was at a generation that was judged: first the hashes of
 * its parts, then, where it is wanted, the state. What comes of it; never throws. */
export async function testify(evidence, put, wait = (ms) => new Promise((go) => setTimeout(go, ms))) {
  const { of, generation, parts, state, why } = evidence;
  const said = { of, generation, parts: 0, bytes: 0, why };
  const words = JSON.stringify({ generation, parts, why, bytes: state?.length ?? 0 });
  try {
    for (;;) {
      const { state: isWanted, again_ms: again = null } = await put(`/desyncs/${of}`, words);
      said.parts = Object.keys(parts).length;
      if (state === null || (!isWanted && again === null)) return said;
      if (isWanted) break;
      // Another seat is asked for the same state, and may fail.
      await wait(again);
    }
    await put(`/desyncs/${of}/state`, state);
    said.bytes = state.length;
  } catch (error) {
    // When its words were taken and the server has heard enough by now, nothing is amiss.
    if (said.parts === 0 || error?.problem?.status !== 404) said.why = String(error?.message ?? error);
  }
  return said;
}

/** A refusal of the server; `problem` is its body (RFC 9457). */
export class RoomError extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title ?? "The server refused.");
    this.name = "RoomError";
    this.problem = problem;
  }
}

function roomOf({ url, id }) {
  const at = new URL(url ?? `/join/${id}`, document.baseURI);
  const room = id ?? at.searchParams.get("game_id") ?? decodeURIComponent(at.pathname.split("/").pop() ?? "");
  return { origin: at.origin, room };
}

/** The room before joining: definition, setup, roster, seed, engine and view links. */
export function look(where) {
  const { origin, room } = roomOf(where);
  return api("GET", `${origin}/join/${encodeURIComponent(room)}`);
}

/** Who this browser already is in the room, or null. */
export async function whoAmI({ profile = "0", ...where }) {
  const { origin, room } = roomOf(where);
  try {
    return await api("GET", `${origin}/rooms/${encodeURIComponent(room)}/players/me?profile=${profile}`);
  } catch (error) {
    if (error instanceof RoomError && [401, 403, 404].includes(error.problem.status)) return null;
    throw error;
  }
}

/** The keys of joins whose answer is not here: by address and wish. */
const unanswered = new Map();

/** Takes a place. If the answer is lost, the same attempt is sent once more; a join that wishes the
 * same before there is an answer belongs to the same attempt. So none of them takes a second place. */
async function take(place, wish) {
  const attempt = JSON.stringify([place, wish]);
  const key = unanswered.get(attempt) ?? drawnKey();
  unanswered.set(attempt, key);
  const send = () => api("POST", place, { ...wish, idempotency_key: key });
  const isRefusal = (error) => error instanceof RoomError;
  try {
    await send().catch((error) => (isRefusal(error) ? Promise.reject(error) : send()));
  } catch (error) {
    if (isRefusal(error)) unanswered.delete(attempt);
    throw error;
  }
  unanswered.delete(attempt);
}

/** 128 random bits. */
function drawnKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Joins a room, or comes back to the seat that this browser already has there.
 * See gameroom.d.ts for the options and for what a Seat can do.
 */
export async function join({ url, id, name, spectate = false, team, profile = "0", view = null, subprotocol, dev = {} }) {
  const { origin, room } = roomOf({ url, id });
  const picture = await look({ url, id });
  const place = `${origin}/rooms/${encodeURIComponent(room)}/players?profile=${profile}`;
  const wish = { ...(name ? { name } : {}), ...(spectate ? { spectate } : {}), ...(team ? { team } : {}) };
  await take(place, wish);
  const code = [picture.engine, picture.view, picture.kit].map((link) => (link ? verified(link, origin) : null));
  const [engine, viewSource, kit] = await Promise.all(code);
  return new Seat({ origin, room, picture, profile, element: view, engine, viewSource, kit, subprotocol, dev });
}

/** Replies to orders that are none of the session's business. */
const ASIDE = ["corrupted", "snapshot", "shown", "evidence"];

/** One place in a room, in this page. */
export class Seat {
  #listeners = new Map();
  #session;
  #sandbox;
  #socket = null;
  #codec;
  #timer = null;
  #protocols;
  #address;
  #bytes = { in: 0, out: 0, framesIn: 0, framesOut: 0 };
  #delayMs = 0;
  #slow = { in: new SlowLine(), out: new SlowLine() };
  #awayUntil = 0;
  #closed = false;
  #evidence;
  #stops = new AbortController();

  constructor({ origin, room, picture, profile, element, engine, viewSource, kit, subprotocol, dev }) {
    this.id = room;
    this.definition = picture.definition;
    this.seed = picture.seed;
    this.#protocols = subprotocol ? [subprotocol] : PROTOCOLS;
    this.#address = new URL(picture.socket ?? `/rooms/${room}/socket`, origin.replace(/^http/, "ws"));
    this.#address.protocol = origin.startsWith("https") ? "wss:" : "ws:";
    this.#address.searchParams.set("profile", profile);
    // Past the socket: it may be too big for a frame, and who was dropped has no socket any more.
    this.#evidence = (path, body) =>
      put(`${origin}/rooms/${encodeURIComponent(room)}${path}?profile=${profile}`, body);
    const key = `gameroom:${room}:${profile}`;
    this.#session = new Session(this.#portsOf(key), {
      definition: picture.definition, seed: picture.seed, random: Math.random, memory: recalled(key),
      stepMax: dev.step_ms,
    });
    this.#sandbox = new Sandbox(element, {
      engine, view: viewSource, kit, heard: (said) => this.#fromSandbox(said), sync: dev.sync_test === true,
    });
    this.on("status", ({ status }) => status === "live" && this.#introduce(dev));
    this.on("evidence", async (said) => this.#tell("testified", await testify(said, this.#evidence)));
    this.#watchThePage();
    this.dev = this.#tools();
    this.#act((now) => {
      this.#session.hide(document.hidden, now);
      this.#session.start(now);
    });
  }

  // -- what everybody may look at --

  get status() { return this.#session.status; }
  get seat() { return this.#session.seat; }
  get name() { return this.#session.name; }
  get user() { return this.#session.user; }
  get roster() { return this.#session.roster; }
  get setup() { return this.#session.setup; }
  get states() { return this.#session.states; }
  get variables() { return this.#session.variables; }
  get pace() { return this.#session.pace; }
  get generation() { return this.#session.generation; }
  get closed() { return this.#session.closed; }
  get isRunning() { return this.#session.isRunning; }
  get ended() { return this.#session.ended; }
  get returned() { return this.#session.returned; }
  get agreed() { return this.#session.agreed; }

  /** May this person do it now? Commands, requests and the room's own doings. */
  allows(name) { return this.#session.allows(name); }

  /** The engine's checksum after a generation, while it is remembered. */
  checksum(generation) { return this.#session.checksum(generation); }

  /** Numbers for instruments: rates, counts of commands, bytes both ways. */
  meters() {
    const { rtt, framerate, counters, commands, closed, generation } = this.#session;
    return { rtt, framerate, ...counters, commands, closed, generation, bytes: { ...this.#bytes }, pace: this.pace };
  }

  /** Calls `hear` with every event of that name; returns what stops it. */
  on(name, hear) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(hear);
    return () => this.#listeners.get(name)?.delete(hear);
  }

  // -- doings --

  send(name, body = {}) {
    let taken = false;
    this.#act(() => (taken = this.#session.command(name, body)));
    return taken;
  }

  request(name, body = {}) { return this.#ask("POST", `/requests/${name}`, body); }
  configure(settings) { return this.#ask("PATCH", "/setup", settings); }
  ready(ready = true) { return this.#ask(ready ? "PUT" : "DELETE", "/players/me/ready"); }
  chat(text) { return this.#ask("POST", "/chat", { text }); }
  leave() { return this.#ask("DELETE", "/players/me"); }
  takeBack() { this.#act((now) => this.#session.takeBack(now)); }
  /** While away: try again now, whatever was planned. */
  wake() { this.#act((now) => this.#session.wake(now)); }

  /** Ends this page's part; the seat stays, and joining again comes back to it. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#stops.abort();
    this.#session.stop();
    this.#sandbox.close();
    clearTimeout(this.#timer);
  }

  #ask(method, path, body = null) {
    const asked = this.#session.request(method, path, body).catch((why) => {
      throw why instanceof Error ? why : new RoomError(why);
    });
    this.#arm();
    return asked;
  }

  // -- the ports of the session --

  #portsOf(key) {
    return {
      connect: () => this.#connect(),
      hangUp: () => this.#hangUp(),
      send: (frame) => this.#send(frame),
      engine: (order) => this.#sandbox.order(order),
      tell: (name, detail) => this.#tell(name, detail),
      fetchState: (snapshot) => this.#fetchState(snapshot),
      sendState: (generation) => this.#sandbox.order({ op: "state", generation }),
      kill: () => this.#sandbox.kill(),
      keep: (memory) => keep(key, memory),
    };
  }

  #tell(name, detail) {
    if (name === "rejected") this.#sandbox.tell({ refused: detail });
    for (const hear of this.#listeners.get(name) ?? []) {
      try {
        hear(detail);
      } catch (error) {
        reportError(error);
      }
    }
    if (name !== "any") this.#tell("any", { name, detail });
  }

  /** Does something with the session at this time, and arms the timer for what is due next. */
  #act(act) {
    if (this.#closed) return;
    act(performance.now());
    this.#arm();
  }

  #arm() {
    clearTimeout(this.#timer);
    const { due } = this.#session;
    if (due === null || this.#closed) return;
    this.#timer = setTimeout(() => this.#act((now) => this.#session.tick(now)), Math.max(0, due - performance.now()));
  }

  #introduce(dev) {
    const { definition, seat } = this;
    this.#sandbox.tell({ game: { seat, definition, demo: dev.demo === true }, sends: perTurnMax(definition) });
  }

  #fromSandbox(said) {
    if (said.send) this.send(said.send.name, said.send.body);
    else if (said.problem) {
      this.#tell("viewProblem", said.problem);
      this.#act(() => this.#session.viewFailed(said.problem));
    } else if (said.engine?.op === "broken") this.#act((now) => this.#session.engineBroken(said.engine, now));
    else if (said.engine?.op === "state") this.#sendState(said.engine);
    else if (ASIDE.includes(said.engine?.op)) this.#tell(said.engine.op, said.engine);
    else if (said.engine) this.#act((now) => this.#session.engineReplied(said.engine, now));
  }

  // -- snapshots --

  #stateUrl(generation) {
    const { pathname, origin } = new URL(`./snapshots/${generation}`, this.#address);
    return `${origin.replace(/^ws/, "http")}${pathname}${this.#address.search}`;
  }

  async #fetchState(snapshot) {
    let bytes = null;
    try {
      const response = await fetch(this.#stateUrl(snapshot.generation), { credentials: "same-origin", cache: "no-store" });
      if (response.ok) bytes = new Uint8Array(await response.arrayBuffer());
    } catch {
      // The network: without a snapshot every event has to come.
    }
    this.#act((now) => this.#session.stateFetched(snapshot, bytes, now));
  }

  /** Where this fails, the room asks somebody else. */
  async #sendState({ generation, bytes }) {
    if (bytes === null) return;
    const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
    const small = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    try {
      const body = await new Response(small).arrayBuffer();
      await fetch(this.#stateUrl(generation), { method: "PUT", headers, body, credentials: "same-origin" });
    } catch (error) {
      this.#tell("problem", { code: "not_sent", detail: error.message });
    }
  }

  // -- the socket --

  #connect() {
    if (performance.now() < this.#awayUntil) {
      setTimeout(() => this.#act((now) => this.#session.lost(1006, now, "still dropped")), 100);
      return;
    }
    const socket = new WebSocket(this.#address, this.#protocols);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const current = () => this.#socket === socket && !this.#closed;
    const later = (act) => this.#slow.in.put(this.#delayMs, () => current() && this.#act(act));
    socket.onopen = () => {
      this.#codec = new Codec(socket.protocol, this.definition);
      later((now) => this.#session.opened(now));
    };
    socket.onmessage = ({ data }) => {
      this.#bytes.in += data.byteLength ?? data.length;
      this.#bytes.framesIn += 1;
      const frame = this.#codec.decode(data);
      later((now) => this.#session.received(frame, now));
    };
    socket.onclose = ({ code, reason }) => later((now) => {
      this.#socket = null;
      this.#session.lost(code, now, reason);
    });
  }

  #send(frame) {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    const data = this.#codec.encode(frame);
    this.#bytes.out += data.byteLength ?? data.length;
    this.#bytes.framesOut += 1;
    this.#slow.out.put(this.#delayMs, () => socket.readyState === WebSocket.OPEN && socket.send(data));
  }

  #hangUp() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  // -- the page around us --

  #watchThePage() {
    const { signal } = this.#stops;
    const wake = () => this.#act((now) => this.#session.wake(now));
    addEventListener("online", wake, { signal });
    addEventListener("pageshow", wake, { signal });
    document.addEventListener("visibilitychange", () => this.#act((now) => {
      this.#session.hide(document.hidden, now);
      if (!document.hidden) this.#sandbox.order({ op: "show" });
    }), { signal });
    // A page that is kept for the back button must not hold the seat's socket.
    addEventListener("pagehide", () => {
      this.#hangUp();
      this.#act((now) => this.#session.lost(1006, now, "the page was left"));
    }, { signal });
  }

  // -- the development switch --

  #tools() {
    const once = (op, name, more = {}) => new Promise((resolve) => {
      const stop = this.on(name, (reply) => {
        stop();
        resolve(reply);
      });
      this.#sandbox.order({ op, ...more });
    });
    return {
      /** Loses the connection, as a bad network would, and stays away for so long. */
      drop: (ms = 2000) => {
        this.#awayUntil = performance.now() + ms;
        this.#hangUp();
        this.#act((now) => this.#session.lost(1006, now, "dropped by hand"));
      },
      /** Every frame takes so much longer, each way. */
      delay: (ms) => {
        this.#delayMs = Math.max(0, ms);
      },
      /** Alters one whole number of this engine's state, at this path or anywhere; tells which. */
      corrupt: (path = null) => once("corrupt", "corrupted", { path }),
      /** The engine fails, as one with a bug would on this machine alone. */
      breakEngine: (message = "broken by hand") => this.#act((now) => {
        this.#sandbox.kill();
        this.#session.engineBroken({ error: { name: "Error", message, stack: "" } }, now);
      }),
      /** The engine's snapshot and checksum as they are now. */
      snapshot: () => once("snapshot", "snapshot"),
    };
  }
}

function recalled(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function keep(key, memory) {
  try {
    sessionStorage.setItem(key, JSON.stringify(memory));
  } catch {
    // Storage is full or forbidden: then a reload may lose what was not yet sent.
  }
}
