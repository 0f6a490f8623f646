/**
 * A room and its network under a virtual clock, for the tests of Session.
 *
 * `Room` is the server as the protocol describes it, as little of it as a Session can tell
 * from the real one: seats, gather-all turns, heard, absent, late, a journal with seq.
 * Nothing here waits: time passes when a test says so.
 */
import { Random } from "../../gameroom/web/kit.js";
import { Session } from "../../gameroom/web/sdk/session.js";

export const DEFINITION = {
  name: "plain",
  doc: "",
  players: { low: 1, high: 8 },
  spectators: { low: 0, high: 8, delay_ms: 0 },
  teams: [],
  roles: [],
  settings: [],
  commands: [{ name: "move", doc: "", fields: [{ name: "unit", doc: "", type: { kind: "int", low: 0, high: 99999 } }] }],
  requests: [{ name: "pause", doc: "", fields: [] }],
  signals: [{ name: "won", doc: "", agreed: "all", fields: [{ name: "by", doc: "", type: { kind: "string", low: 1, high: 9 } }] }],
  permissions: [],
  states: [
    { path: "setup", kind: "state", doc: "", iterates: false, permissions: [] },
    { path: "setup.starting", kind: "state", doc: "", iterates: false, permissions: [{ effect: "allow", names: ["load"], who: ["player"] }] },
    { path: "running", kind: "state", doc: "", iterates: false, permissions: [] },
    { path: "running.iterating", kind: "state", doc: "", iterates: true, permissions: [{ effect: "allow", names: ["move", "pause"], who: ["player"] }] },
    { path: "running.paused", kind: "state", doc: "", iterates: false, permissions: [] },
  ],
  policies: {
    pace: { tick: 20, turn: { low: 100, high: 500 }, ahead: null },
    divergence: { checksum_every: 1, repairs: 3 },
    snapshots: { every: 600 },
    limits: { commands_per_turn: 4, packet_bytes: 16_384 },
  },
};

export const ITERATING = ["running", "running.iterating"];

/** Virtual time in milliseconds: what is planned happens in order of time, then of planning. */
export class Clock {
  now = 1000;
  #plans = [];
  #order = 0;

  at(time, act) {
    this.#plans.push({ time: Math.max(time, this.now), order: this.#order++, act });
  }

  in(ms, act) {
    this.at(this.now + ms, act);
  }

  pass(ms) {
    const end = this.now + ms;
    for (;;) {
      this.#plans.sort((a, b) => a.time - b.time || a.order - b.order);
      if (this.#plans.length === 0 || this.#plans[0].time > end) break;
      const { time, act } = this.#plans.shift();
      this.now = time;
      act();
    }
    this.now = end;
  }

  /** Lets promises settle; they take no time. */
  async passing(ms, steps = 10) {
    for (let i = 0; i < steps; i += 1) {
      this.pass(ms / steps);
      await null;
      await null;
    }
  }
}

export class Room {
  definition = DEFINITION;
  turnMs = 100;
  ahead = 2;
  iterations = 2;
  open = 1;
  journal = [];
  packets = [];
  requests = [];
  failed = [];
  iterating = true;
  seats = new Map();
  #due = null;

  constructor(clock, seats) {
    this.clock = clock;
    for (let seat = 0; seat < seats; seat += 1) {
      this.seats.set(seat, { heard: 0, held: new Map(), late: [], ids: new Set(), gathering: false, send: null });
    }
    this.say("roster", {
      seats: [...this.seats.keys()].map((seat) => ({
        seat, user: `user-${seat}`, name: `name-${seat}`, roles: [], team: null, connected: true,
        ready: true, loaded: true, refused: false, missing: false, lost: false, diverged: false,
      })),
      spectators: 0,
    });
    this.say("setup", { settings: { gold: 3 }, changed_by: "" });
  }

  say(event, body) {
    const frame = { event, seq: this.journal.length + 1, path: "/", body };
    this.journal.push(frame);
    for (const one of this.seats.values()) one.send?.(frame);
    this.watcher?.(frame);
  }

  begin() {
    this.say("chart", { generation: 0, chart: { states: ITERATING, variables: {}, moved: [] } });
    for (const one of this.seats.values()) one.gathering = one.send !== null;
    this.#arm(this.clock.now);
  }

  pause(isPaused) {
    this.iterating = !isPaused;
    const states = isPaused ? ["running", "running.paused"] : ITERATING;
    this.say("chart", { generation: this.open - 1, chart: { states, variables: {}, moved: [] } });
    this.#arm(this.clock.now);
  }

  hello(seat) {
    const heard = this.seats.get(seat)?.heard ?? 0;
    return {
      user: `user-${seat}`, name: `name-${seat}`, seat, spectator: seat === null, heard,
      seq: this.journal.length, generation: this.open - 1, turn_ms: this.turnMs, ahead: this.ahead,
    };
  }

  /** Keeps the state after the last closed turn, for those who lack more than two events. */
  keepSnapshot(state = "the state") {
    const roster = this.journal.find(({ event }) => event === "roster").body;
    this.state = state;
    this.snapshot = {
      generation: this.open - 1, seq: this.journal.length, sha256: "5".repeat(64), size: state.length,
      begin: { setup: { gold: 3 }, seats: roster.seats, states: ITERATING },
      setup: { settings: { gold: 3 }, changed_by: "" }, roster,
      chart: { states: ITERATING, variables: { round: 2 }, moved: [] },
    };
  }

  /** One frame of a client. `send` is how to answer. */
  receive(seat, frame, send) {
    if (frame.path === "/session") {
      const { snapshot = null } = this;
      const isUsed = frame.body.snapshots && snapshot !== null && snapshot.seq - frame.body.seq > 2;
      send({ id: frame.id, status: 200, body: { ...this.hello(seat), snapshot: isUsed ? snapshot : null } });
      for (const event of this.journal.slice(isUsed ? snapshot.seq : frame.body.seq)) send(event);
      if (seat === null) this.watcher = send;
      else {
        // One page plays a seat: whoever comes last.
        const { send: before } = this.seats.get(seat);
        if (before !== send) before?.displaced();
        Object.assign(this.seats.get(seat), { send, gathering: false });
      }
    } else if (frame.path === "/time") {
      send({ id: frame.id, status: 200, body: { now: this.clock.now } });
    } else if (frame.path.startsWith("/turns/")) {
      this.#take(seat, frame.body);
    } else {
      this.requests.push(frame);
      if (frame.path === "/players/me/failure") this.#failed(seat, frame.body);
      send({ id: frame.id, status: 204, body: null });
    }
  }

  leave(seat, send) {
    const one = this.seats.get(seat);
    if (one?.send === send) Object.assign(one, { send: null, gathering: false });
  }

  /** As the real room does it: the turns go on without this seat. */
  #failed(seat, { kind, generation, text }) {
    if (kind !== "engine" || this.failed.includes(seat)) return;
    this.failed.push(seat);
    this.seats.get(seat).gathering = false;
    this.say("failed", { seat, generation, text });
    this.#close();
  }

  #take(seat, packet) {
    this.packets.push({ seat, at: this.clock.now, ...packet });
    const one = this.seats.get(seat);
    if (packet.generation >= this.open) one.gathering = true;
    const isNew = packet.generation > one.heard;
    packet = { ...packet, commands: this.#untaken(one, packet, isNew) };
    if (isNew) {
      one.heard = packet.generation;
      if (packet.generation < this.open) one.late.push(packet);
      else one.held.set(packet.generation, packet);
    }
    this.#close();
  }

  /** The commands that were not taken from another packet. Of a packet that is repeated, each that
   * nobody knows is named. */
  #untaken(one, { generation, commands, ids }, isNew) {
    return commands.filter((_, index) => {
      const isKnown = one.ids.has(ids[index]);
      if (isNew) one.ids.add(ids[index]);
      const code = isNew ? "repeated_command" : "too_late";
      if (isKnown === isNew) {
        const problem = { status: 409, code, detail: code };
        one.send?.({ event: "rejected", path: `/turns/${generation}`, body: { generation, index, problem } });
      }
      return !isKnown;
    });
  }

  #arm(at) {
    this.#due = at;
    this.clock.at(at, () => this.#close());
  }

  #close() {
    const gathered = [...this.seats.values()].filter((one) => one.gathering);
    const isDue = this.iterating && this.#due !== null && this.clock.now >= this.#due;
    if (!isDue || gathered.length === 0 || gathered.some((one) => !one.held.has(this.open))) return;
    const generation = this.open;
    const commands = [];
    const absent = [];
    const late = [];
    for (const [seat, one] of this.seats) {
      const own = one.held.get(generation);
      const heard = [...one.late.splice(0).filter((packet) => {
        if (packet.commands.length > 0) late.push({ seat, generation: packet.generation });
        return true;
      }), ...(own ? [own] : [])];
      one.held.delete(generation);
      if (!own) absent.push(seat);
      const said = heard.flatMap((packet) => packet.commands);
      if (said.length > 0) commands.push({ seat, commands: said });
    }
    this.open += 1;
    this.say("turn", {
      generation, iterations_per_command: this.iterations, turn_ms: this.turnMs, ahead: this.ahead,
      commands, chart: null, checksum: null, absent, late,
    });
    this.#arm(this.clock.now + this.turnMs);
  }

  get masters() {
    return this.journal.filter(({ event }) => event === "turn").map(({ body }) => body);
  }
}

/** A Session at one end of a bad line. */
export class Client {
  told = [];
  orders = [];
  sent = [];
  starts = [];
  engineMs = 3;
  lagMs = 10;
  jitterMs = 0;
  answers = true;
  fetches = true;
  fetchMs = 50;
  restores = true;
  /** The turns at which the engine hangs and throws; what it raises, by turn. */
  hangsAt = 0;
  throwsAt = 0;
  raises = {};
  killed = 0;
  states = [];
  kept = null;
  #line = null;
  #freeAt = 0;
  #backAt = 0;

  constructor(clock, room, seat, { memory = null, seed = 1, start = true } = {}) {
    Object.assign(this, { clock, room, seat });
    this.dice = new Random(seed);
    this.session = new Session({
      connect: () => this.#connect(),
      hangUp: () => this.cut(false),
      send: (frame) => this.#send(frame),
      engine: (order) => this.#engine(order),
      tell: (name, detail) => this.told.push({ name, detail, at: clock.now }),
      fetchState: (snapshot) => clock.in(this.fetchMs, () => this.act((now) =>
        this.session.stateFetched(snapshot, this.fetches ? room.state : null, now))),
      sendState: (generation) => this.states.push(generation),
      kill: () => { this.killed += 1; },
      keep: (memory_) => { this.kept = structuredClone(memory_); },
    }, { definition: room.definition, seed: 7, random: () => 0.5, memory: structuredClone(memory) });
    if (start) this.act((now) => this.session.start(now));
  }

  act(act) {
    act(this.clock.now);
    const { due } = this.session;
    if (due !== null && due !== this.planned) {
      this.planned = due;
      this.clock.at(due, () => {
        if (this.planned === due) this.planned = null;
        if (this.session.due !== null && this.session.due <= this.clock.now) this.act((now) => this.session.tick(now));
      });
    }
  }

  #delay() {
    return this.lagMs + (this.jitterMs > 0 ? this.dice.below(this.jitterMs) : 0);
  }

  #connect() {
    const line = { open: true };
    this.#line = line;
    if (this.offline) {
      this.clock.in(20, () => this.#line === line && this.act((now) => this.session.lost(1006, now)));
      return;
    }
    line.toClient = (frame) => {
      if (!line.open) return;
      const copy = structuredClone(frame);
      this.#freeAt = Math.max(this.#freeAt, this.clock.now + this.#delay());
      this.clock.at(this.#freeAt, () => line.open && this.act((now) => this.session.received(copy, now)));
    };
    line.toClient.displaced = () => this.#line === line && this.cut(true, 4001);
    this.clock.in(this.lagMs, () => line.open && this.act((now) => this.session.opened(now)));
  }

  #send(frame) {
    const line = this.#line;
    const copy = structuredClone(frame);
    this.sent.push(copy);
    this.#backAt = Math.max(this.#backAt, this.clock.now + this.#delay());
    this.clock.at(this.#backAt, () => line?.open && this.answers && this.room.receive(this.seat, copy, line.toClient));
  }

  /** The line breaks: what is under way is gone, both ways. */
  cut(isTold = true, code = 1006) {
    const line = this.#line;
    this.#line = null;
    if (line === null) return;
    line.open = false;
    this.room.leave(this.seat, line.toClient);
    if (isTold) this.act((now) => this.session.lost(code, now));
  }

  #engine(order) {
    this.orders.push({ ...order, at: this.clock.now });
    if (order.op === "steps") this.starts.push(...order.turns.map(({ generation }) => ({ generation, at: this.clock.now })));
    if (order.op === "evidence") return; // its answer is the shell's business
    if (this.killed > 0 || order.turns?.some(({ generation }) => generation === this.hangsAt)) return;
    const turns = order.turns?.length ?? 1;
    this.clock.in(this.engineMs * turns, () => this.act((now) => this.session.engineReplied(this.#reply(order), now)));
  }

  #reply({ op, epoch, turns, generation, stateEvery, bytes }) {
    if (op === "restore" && this.restores) return { op: "restored", epoch, generation, bytes };
    if (op === "restore") return { op: "failed", during: op, epoch, error: { name: "Error", message: "other rules", stack: "" } };
    if (op === "load") return { op: "loaded", epoch, reasons: this.reasons ?? [] };
    if (op === "init") return { op: "inited", epoch, generation };
    if (turns.some((one) => one.generation === this.throwsAt)) {
      return { op: "failed", during: op, epoch, generation: this.throwsAt, error: { name: "Error", message: "a bug", stack: "" } };
    }
    const last = turns.at(-1).generation;
    const raised = turns.flatMap((one) => (this.raises[one.generation] ?? []).map((signal) => ({ generation: one.generation, ...signal })));
    const signals = turns.filter((one) => one.generation === this.wins).map((one) => ({ generation: one.generation, name: "won", body: { by: "ann" } })).concat(raised);
    const of = turns.find((one) => stateEvery > 0 && one.generation % stateEvery === 0)?.generation;
    return {
      unkept: of !== undefined && this.unkept ? { generation: of, why: this.unkept } : null,
      state: of === undefined || this.unkept ? null : { generation: of, sha256: this.sha256 ?? "5".repeat(64), size: 9 },
      op: "stepped", epoch, generation: last, sums: [[last, last * 1000]], signals,
      ms: this.engineMs * turns.length, turns: turns.length, iterations: turns.reduce((sum, one) => sum + one.iterations, 0), sync: null,
    };
  }

  get packets() {
    return this.sent.filter(({ path }) => path.startsWith("/turns/")).map(({ body }) => body);
  }

  of(name) {
    return this.told.filter((one) => one.name === name).map(({ detail }) => detail);
  }
}

/** Seats 0 to seats - 1, connected and playing. */
export function table(seats, options = {}) {
  const clock = new Clock();
  const room = new Room(clock, seats);
  Object.assign(room, options);
  const clients = Array.from({ length: seats }, (_, seat) => new Client(clock, room, seat, { seed: seat + 1 }));
  clock.pass(100);
  room.begin();
  return { clock, room, clients };
}
