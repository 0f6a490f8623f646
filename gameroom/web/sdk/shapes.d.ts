/**
 * The types of data between the session, the socket and the sandbox: frames, orders to the engine
 * and its replies. Times are in milliseconds. Generations count turns from 1.
 */

import type {
  Body, Chart, Checksum, CommandCounts, Evidence, MasterPacket, Problem, RoomEvents, Roster, Row, SeatEvents, SeatOfGame,
} from "../gameroom.js";
import type { Plain } from "../kit.js";

// ---- frames (docs/wire.md) --------------------------------------------------------------------

export interface Command {
  name: string;
  body: Body;
  /** A random id; 0 or missing for a command from the memory of an older release. */
  id?: number;
}
export interface Signal {
  generation: number;
  name: string;
  body: Body;
  /** Why the body is not a plain value. */
  why?: string | null;
}
export interface ClientPacket {
  generation: number;
  commands: Command[];
  checksum: Checksum | null;
  latency: number;
  framerate: number;
  signals: Signal[];
  /** The id of each command. */
  ids?: number[];
}
/** The two most frequent packets in MessagePack. Commands and signals are indexes into the
 * definition. */
export type ClientArray = [
  generation: number, commands: Coded[], checksumAge: number, checksum: number, latency: number, framerate: number,
  signals?: [age: number, ...signal: Coded][], ids?: number[],
];
export type MasterArray = [
  seq: number, generation: number, iterations: number, turn_ms: number, ahead: number,
  commands: [seat: number, commands: Coded[]][], checksumAge: number, checksum: number,
  extras?: Partial<Pick<MasterPacket, "chart" | "absent" | "late">>,
];
export type Coded = [index: number, ...fields: Plain[]];
export interface Request {
  id?: number;
  method: string;
  path: string;
  body?: object;
}
export interface Answer {
  id: number;
  status: number;
  body?: unknown;
}
/** The events that the session processes, and those that it passes on unchanged. */
export interface EventBodies extends RoomEvents {
  turn: MasterPacket;
  roster: Roster;
  chart: { chart: Chart; generation: number };
  verified: { seat: number; generation: number; sha256: string };
}
/** One event of the room, in the order of seq. */
export type EventFrame = { [Name in keyof EventBodies]: { event: Name; seq: number; path: string; body: EventBodies[Name] } }[keyof EventBodies];
/** Events that the session only passes on to listeners. */
export type News = Exclude<EventFrame, { event: "turn" | "roster" | "setup" | "chart" | "ended" | "verified" }>;
/** One of our packets was refused, or the command at `index` in it. It has no seq. */
export interface Rejection {
  event: "rejected";
  body: { generation: number; index?: number | null; problem: Problem };
}
export type ServerFrame = (Answer & { event?: undefined }) | ((EventFrame | Rejection) & { status?: undefined });

/** The room's answer to `PUT /session`. */
export interface Hello {
  user: string;
  name: string;
  seat: number | null;
  seq: number;
  generation: number;
  turn_ms: number;
  ahead: number;
  /** The last generation for which the room has a packet of ours. */
  heard: number;
  snapshot: Snapshot | null;
}
/** A hello after which the events continue from a snapshot. */
export type Resumption = Hello & { snapshot: Snapshot };
/** The room after a turn, without the bytes of the engine's state. */
export interface Snapshot {
  generation: number;
  seq: number;
  sha256: string;
  size: number;
  begin: { setup: Body; seats: readonly Row[]; states: readonly string[] };
  setup: SeatEvents["setup"];
  roster: Roster;
  chart: Chart;
}

// ---- the engine (../worker.js) ----------------------------------------------------------------

export interface TurnOrder {
  generation: number;
  iterations: number;
  commands: { seat: number; name: string; body: Body }[];
  states: readonly string[];
  seats: number[];
}
export type Order =
  | { op: "load"; setup: Body; seats: SeatOfGame[]; seed: number; states: readonly string[] }
  | { op: "init"; generation: number; setup: Body; seats: SeatOfGame[]; seed: number; states: readonly string[] }
  | {
      op: "restore"; generation: number; begin: { setup: Body; seats: SeatOfGame[]; states: readonly string[] };
      seed: number; states: readonly string[]; seats: number[]; sha256: string; bytes: Uint8Array;
    }
  | {
      op: "steps"; turns: TurnOrder[]; turn_ms: number; length_ms: number; every: number; stateEvery: number; scene: boolean;
    };
export type EngineError = SeatEvents["broken"]["error"];
export interface Stepped {
  op: "stepped";
  generation: number;
  sums: [generation: number, checksum: number][];
  signals: Signal[];
  ms: number;
  turns: number;
  iterations: number;
  sync: SeatEvents["sync"] | null;
  state: StateHash | null;
  unkept: { generation: number; why: string } | null;
}
export interface StateHash {
  generation: number;
  sha256: string;
  size: number;
}
/** A failure of this page's engine or view, as it is reported to the room. The game continues after
 * all kinds except `engine`. */
export interface Failure {
  kind: "engine" | SeatEvents["report"]["kind"];
  generation: number;
  text: string;
}
export interface Failed {
  op: "failed";
  during: string;
  generation?: number;
  error: EngineError;
}
/** epoch: the number of the engine. unshown: why the scene could not be sent to the view. */
export type Reply = { epoch?: number; unshown?: string | null; generation?: number } & (
  | { op: "progress" | "inited" | "restored"; generation: number }
  | { op: "loaded"; reasons: string[] }
  | Stepped
  | Failed
);
/** Replies to orders of the shell, and `broken`. */
export type Aside =
  | { op: "corrupted"; path: string | null }
  | { op: "snapshot"; snapshot: Plain; checksum: number }
  | { op: "shown" }
  | ({ op: "evidence" } & Evidence)
  | { op: "state"; generation: number; bytes: Uint8Array<ArrayBuffer> | null }
  | { op: "broken"; error: EngineError };

/** A message from the sandbox, with exactly one of these fields. */
export interface Heard {
  engine?: Reply | Aside;
  send?: { name: string; body: Body };
  problem?: SeatEvents["viewProblem"];
}

// ---- the session ------------------------------------------------------------------------------

/** The content of an outbox, stored for a reload of the page. */
export interface Memory {
  user: string;
  queue: Command[];
  packets: KeptPacket[];
  counts: Omit<CommandCounts, "waiting">;
  countedUpTo: number;
}
/** refused, missing: the indexes of commands that are already settled. */
export interface KeptPacket extends ClientPacket {
  refused?: number[];
  missing?: number[];
}
export type Tell = <Name extends keyof SeatEvents>(name: Name, detail: SeatEvents[Name]) => void;
export interface Ports {
  connect(): void;
  hangUp(): void;
  send(frame: Request): void;
  engine(order: (Order & { epoch: number }) | { op: "evidence"; generation: number; epoch: number }): void;
  tell: Tell;
  keep(memory: Memory): void;
  /** Fetches the state of this snapshot, and passes it to `stateFetched`. */
  fetchState(snapshot: Snapshot): void;
  /** Sends the bytes of the engine's state after this turn to the room. */
  sendState(generation: number): void;
  /** Terminates the worker of an engine that hangs. */
  kill(): void;
}
