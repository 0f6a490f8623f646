/** The types of the JavaScript client gameroom.js, and of the games that it runs. */

import type * as KitModule from "./kit.js";
import type { Plain } from "./kit.js";

// ---- a game: engine.js and view.js ------------------------------------------------------

/** Everything that kit.js exports. */
export type Kit = typeof KitModule;
export type Body = { readonly [field: string]: Plain };

export interface SeatOfGame {
  readonly seat: number;
  readonly name: string;
  readonly team: string | null;
  readonly roles: readonly string[];
}
export interface Start {
  /** The settings at the moment when `running` was entered. */
  readonly setup: Body;
  /** In seat order. */
  readonly seats: readonly SeatOfGame[];
  readonly seed: number;
  /** Paths of the chart's active states. */
  readonly states: readonly string[];
}
export interface Turn {
  readonly generation: number;
  /** How many iterations to run after applying the commands. */
  readonly iterations: number;
  /** In seat order, then in the order of sending. The engine resolves conflicts. */
  readonly commands: readonly { readonly seat: number; readonly name: string; readonly body: Body }[];
  /** The states before this turn. */
  readonly states: readonly string[];
  /** The numbers of the seats that are taken at this turn, without players who have left. */
  readonly seats: readonly number[];
}
export interface RaisedSignal {
  readonly name: string;
  readonly body?: Body;
}

/** engine.js: `export default (kit: Kit): Engine => ...`. An engine is pure: its state depends only
 * on its arguments. */
export interface Engine {
  /** The reasons to refuse this setup, at most 16. An empty list accepts it. */
  check?(start: Omit<Start, "states">): readonly string[];
  /** Starts a new game. Can be called again for another game. */
  init(start: Start): void;
  step(turn: Turn): readonly RaisedSignal[] | void;
  /** A uint32 that depends on the whole state. */
  checksum(): number;
  snapshot(): Plain;
  restore(snapshot: Plain): void;
  /** The data for the view: anything that can be cloned, also typed arrays. */
  scene(): unknown;
}

export interface Game {
  /** null for a spectator. */
  readonly seat: number | null;
  readonly seats: readonly SeatOfGame[];
  readonly setup: Body;
  readonly definition: Definition;
  /** Whether the view should play this seat automatically, for the demo. */
  readonly demo: boolean;
  /** Sends a command, or a request that the room file declares. Returns false, and sends nothing,
   * if the maximum number of commands per turn is already on its way. */
  send(name: string, body?: Body): boolean;
}
export interface Rejected {
  readonly name: string;
  readonly body: Body;
  readonly code: string;
  readonly detail: string;
  readonly state: string | null;
  /** The names of the possible commands, requests and actions now. */
  readonly allowed: readonly string[];
}

/** view.js: `export default (root: HTMLElement, game: Game): View => ...`. */
export interface View {
  /** Shows a new scene. Animate the change over turn_ms. */
  show(scene: unknown, at: { generation: number; turn_ms: number; states: readonly string[] }): void;
  refused?(rejected: Rejected): void;
  resize?(): void;
  close?(): void;
}

// ---- data of the room -------------------------------------------------------------------

export type FieldType =
  | { readonly kind: "int"; readonly low: number; readonly high: number }
  | { readonly kind: "string"; readonly low: number; readonly high: number }
  | { readonly kind: "bool" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "list"; readonly item: FieldType; readonly low: number; readonly high: number };
export interface Declared {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly { readonly name: string; readonly doc: string; readonly type: FieldType }[];
}
export interface Permission {
  readonly effect: "allow" | "deny" | "ignore";
  readonly names: readonly string[];
  readonly who: readonly string[];
}
export type PolicyValue = number | boolean | null | { readonly low: number; readonly high: number };
export interface Definition {
  readonly name: string;
  readonly doc: string;
  readonly players: { readonly low: number; readonly high: number };
  readonly spectators: { readonly low: number; readonly high: number; readonly delay_ms: number };
  readonly teams: readonly { readonly name: string; readonly doc: string; readonly low: number; readonly high: number }[];
  readonly roles: readonly { readonly name: string; readonly doc: string; readonly of: string }[];
  readonly settings: readonly { readonly name: string; readonly doc: string; readonly default: Plain; readonly type: FieldType }[];
  readonly commands: readonly Declared[];
  readonly requests: readonly Declared[];
  readonly signals: readonly (Declared & { readonly agreed: "all" | "majority" })[];
  readonly permissions: readonly Permission[];
  readonly states: readonly {
    readonly path: string;
    readonly kind: string;
    readonly doc: string;
    readonly iterates: boolean;
    readonly permissions: readonly Permission[];
  }[];
  /** All policies by name and key, with defaults, in milliseconds, turns or as counts. */
  readonly policies: Readonly<Record<string, Readonly<Record<string, PolicyValue>>>>;
}
export interface Row {
  readonly seat: number;
  readonly user: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly team: string | null;
  readonly connected: boolean;
  readonly ready: boolean;
  readonly loaded: boolean;
  readonly refused: boolean;
  /** Whether the page is hidden. Then the room does not wait for its packets. */
  readonly hidden: boolean;
  /** Why turns are longer because of this player: connection ("line") or engine. Otherwise null. */
  readonly slow: "line" | "engine" | null;
  readonly missing: boolean;
  readonly lost: boolean;
  readonly diverged: boolean;
  /** Whether the engine cannot continue. The room does not wait for it. */
  readonly failed: boolean;
  /** Whether the engine is being restarted because it had diverged. */
  readonly repairing: boolean;
  /** How long this player has been away or silent, at the time of the roster; 0 if connected. */
  readonly absent_ms: number;
  /** The time from then until the seat is lost; null if connected. */
  readonly lost_in_ms: number | null;
  /** This player's choices in open ballots, by request. */
  readonly choices: { readonly [request: string]: string };
}
export interface Roster {
  readonly seats: readonly Row[];
  readonly spectators: number;
}
export interface Chart {
  readonly states: readonly string[];
  readonly variables: Body;
  readonly moved: readonly {
    readonly transition: number;
    readonly event: string;
    readonly exited: readonly string[];
    readonly entered: readonly string[];
    readonly because: string | null;
  }[];
}
export interface Checksum {
  readonly generation: number;
  readonly value: number;
}
export interface MasterPacket {
  readonly generation: number;
  readonly iterations_per_command: number;
  readonly turn_ms: number;
  readonly ahead: number;
  readonly commands: readonly { readonly seat: number; readonly commands: readonly { readonly name: string; readonly body: Body }[] }[];
  readonly chart: Chart | null;
  readonly checksum: Checksum | null;
  readonly absent: readonly number[];
  readonly late: readonly { readonly seat: number; readonly generation: number }[];
}
/** The body of a refusal (RFC 9457). */
export interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly state?: string;
  readonly allowed?: readonly string[];
  readonly retry_after_ms?: number;
}
export interface Link {
  readonly url: string;
  readonly sha256: string;
}
/** The answer to GET /join/<id>. */
export interface Picture {
  readonly id: string;
  readonly name: string;
  readonly doc: string;
  readonly states: readonly string[];
  readonly engine: Link;
  readonly view: Link | null;
  /** The engine's library; if null, this page chooses it. */
  readonly kit: Link | null;
  readonly seed: number;
  readonly setup: Body;
  readonly roster: Roster;
  readonly definition: Definition;
  readonly socket: string;
  readonly seq: number;
  readonly generation: number;
  readonly turn_ms: number;
  readonly ahead: number;
}
export interface Place {
  readonly user: string;
  readonly name: string;
  readonly seat: number | null;
  readonly spectator: boolean;
}

// ---- joining ------------------------------------------------------------------------------

/** A room: its join URL, or its id on the server of this page. */
export interface Where {
  url?: string;
  id?: string;
}
export interface JoinOptions extends Where {
  name?: string;
  spectate?: boolean;
  team?: string;
  /** Which of this browser's seats: [a-z0-9]{1,16}, "0" by default. */
  profile?: string;
  /** The element for the frame with the game. null runs the engine without a view. */
  view?: HTMLElement | null;
  /** One of PROTOCOLS. Default: MessagePack, or JSON if the server does not support it. */
  subprotocol?: Subprotocol;
  dev?: {
    /** Also runs each turn in a restored engine. The event `sync` reports a difference. */
    sync_test?: boolean;
    /** Milliseconds without an answer after which the engine counts as hanging. Default: 5000. */
    step_ms?: number;
    /** `game.demo` for the view. */
    demo?: boolean;
  };
}
/** Joins a room, or returns to the seat that this browser has there. Resolves when the place is
 * taken and the engine is fetched; the connection opens after that (event `status`). Rejects with a
 * RoomError if the room refuses. */
export function join(options: JoinOptions): Promise<Seat>;
/** Fetches the room before joining. */
export function look(where: Where): Promise<Picture>;
/** The place that this browser already has in the room, or null. */
export function whoAmI(where: Where & { profile?: string }): Promise<Place | null>;

/** The subprotocols; PROTOCOLS lists both, the preferred one first. */
export const JSON_PROTOCOL: "gameroom.v1.json";
export const MSGPACK_PROTOCOL: "gameroom.v1.msgpack";
export const PROTOCOLS: readonly Subprotocol[];
export type Subprotocol = "gameroom.v1.json" | "gameroom.v1.msgpack";

export class RoomError extends Error {
  constructor(problem: Problem);
  readonly problem: Problem;
}

export type Status = "new" | "connecting" | "live" | "away" | "displaced" | "closed";
export interface CommandCounts {
  /** sent = confirmed + refused + lost + waiting; lost and doubled stay 0. */
  readonly sent: number;
  readonly confirmed: number;
  readonly refused: number;
  readonly lost: number;
  readonly doubled: number;
  readonly waiting: number;
}
export interface Meters {
  /** The round trip in milliseconds, 0 if unknown. */
  readonly rtt: number;
  /** Iterations per second that the engine can run. */
  readonly framerate: number;
  /** Turns that were caught up after coming back; losses of the connection; late turns. */
  readonly caughtUp: number;
  /** The turn of the snapshot from which the engine continued, 0 for none. */
  readonly resumedFrom: number;
  readonly losses: number;
  readonly stalls: number;
  readonly commands: CommandCounts;
  readonly closed: number;
  readonly generation: number;
  /** Payload bytes and frames since the page was loaded. */
  readonly bytes: { readonly in: number; readonly out: number; readonly framesIn: number; readonly framesOut: number };
  readonly pace: Pace;
}
export interface Pace {
  readonly turn_ms: number;
  readonly ahead: number;
  readonly iterations: number;
}

export interface Evidence {
  readonly of: number;
  readonly generation: number | null;
  /** Hashes of parts of the state, by path: "" is the whole. */
  readonly parts: { readonly [path: string]: number };
  /** The state's canonical bytes. */
  readonly state: Uint8Array | null;
  readonly why: string | null;
}

/** The events that everyone in the room receives, as the server sends them. */
export interface RoomEvents {
  setup: { settings: Body; changed_by: string };
  /** A player's engine refuses the setup. */
  refused: { seat: number; reasons: readonly string[] };
  diverged: { generation: number; seats: readonly number[]; decidable: boolean; values: { readonly [seat: string]: number } };
  /** The engines of these seats differ from the majority and are restarted. */
  repair: { generation: number; seats: readonly number[] };
  /** A player's engine cannot continue. The room continues without it. */
  failed: { seat: number; generation: number; text: string };
  chat: { name: string; text: string };
  announcement: { text: string };
  /** left: the names of the players who left before the end, in the order of leaving. */
  ended: { state: string; because: string | null; left: readonly string[] };
}

export interface SeatEvents extends RoomEvents {
  /** For `away`, `at` is the time of the next try, in the page's performance.now(). */
  status: { status: Status; code?: number; meaning?: string; reason?: string; at?: number };
  roster: Roster;
  chart: Chart & { generation: number };
  /** A turn was closed. It is played slightly later. */
  turn: MasterPacket;
  /** The engine has run up to this generation. */
  played: {
    generation: number;
    checksum: number | null;
    signals: readonly { readonly generation: number; readonly name: string; readonly body: Body }[];
    ms: number;
    turns: number;
  };
  loaded: { reasons: readonly string[] };
  /** One of our own commands or requests was refused. */
  rejected: Rejected;
  /** The evidence of this engine for the diverged generation `of`. generation: of the kept state,
   * the first from `of` on; null if there is none, then `why` has the reason. */
  evidence: Evidence;
  /** The evidence was sent to the server. why: why it was not sent, or what is wrong with it. */
  testified: { of: number; generation: number | null; parts: number; bytes: number; why: string | null };
  /** This engine's checksum differs from the agreed one. */
  differs: { generation: number; own: number; agreed: number };
  /** This engine's checksum is the agreed one: this page shows the same game as the players see. */
  agrees: { generation: number };
  /** All missed turns are played. again: after a loss of the connection, not after a reload. */
  back: CommandCounts & { again: boolean; turns: number; ms: number };
  /** The engine of this page cannot continue: reload the page. generation: the turn that failed. */
  broken: { error: { name: string; message: string; stack: string }; generation: number; during?: string };
  /** This page's engine or view has an error, but the game continues. Each is reported once. */
  report: { kind: "signal" | "snapshot" | "view"; generation: number; text: string };
  viewProblem: { part: string; detail: string; stack: string };
  sync: { generation: number; part: string; why: string };
  problem: Problem;
  any: { name: string; detail: unknown };
}

export class Seat {
  private constructor();
  readonly id: string;
  readonly definition: Definition;
  readonly seed: number;
  readonly status: Status;
  /** null for a spectator, and before the first answer. */
  readonly seat: number | null;
  readonly name: string | null;
  readonly user: string | null;
  readonly roster: Roster;
  readonly setup: Body;
  readonly states: readonly string[];
  readonly variables: Body;
  readonly pace: Pace;
  /** The last turn that the engine has run, and the last closed turn. */
  readonly generation: number;
  readonly closed: number;
  readonly isRunning: boolean;
  readonly ended: { state: string; because: string | null; left: readonly string[] } | null;
  /** The last event `back`; null before the first. */
  readonly returned: SeatEvents["back"] | null;
  /** The last turn where this engine had the agreed checksum, 0 for none. */
  readonly agreed: number;
  allows(name: string): boolean;
  checksum(generation: number): number | undefined;
  meters(): Meters;
  on<Name extends keyof SeatEvents>(name: Name, hear: (detail: SeatEvents[Name]) => void): () => void;
  /** Sends a command, or a request that the room file declares. Returns false if it is refused at
   * once; the event `rejected` says why. */
  send(name: string, body?: Body): boolean;
  request(name: string, body?: Body): Promise<unknown>;
  configure(settings: Body): Promise<unknown>;
  ready(ready?: boolean): Promise<unknown>;
  chat(text: string): Promise<unknown>;
  /** Leaves the room and gives up the seat. */
  leave(): Promise<unknown>;
  /** After `displaced`: continues to play on this page. */
  takeBack(): void;
  /** While `away`: tries to connect now. */
  wake(): void;
  /** Disconnects this page. The seat remains. */
  close(): void;
  readonly dev: {
    drop(ms?: number): void;
    delay(ms: number): void;
    /** Makes the engine fail, as with a bug that occurs only on this machine. */
    breakEngine(message?: string): void;
    corrupt(path?: string | null): Promise<{ path: string | null }>;
    snapshot(): Promise<{ snapshot: Plain; checksum: number }>;
  };
}
