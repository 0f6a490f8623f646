/** The communications module: types of gameroom.js, and of the games it runs. */

import type * as KitModule from "./kit.js";
import type { Plain } from "./kit.js";

// ---- what a game is: engine.js and view.js ----------------------------------------------

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
  /** The setup configuration as it was when `running` was entered. */
  readonly setup: Body;
  /** In seat order. */
  readonly seats: readonly SeatOfGame[];
  readonly seed: number;
  /** Paths of the chart's active states. */
  readonly states: readonly string[];
}
export interface Turn {
  readonly generation: number;
  /** Iterations to run after the commands were applied. */
  readonly iterations: number;
  /** In seat order, and as each seat sent them. Conflicts are the engine's to resolve. */
  readonly commands: readonly { readonly seat: number; readonly name: string; readonly body: Body }[];
  /** The states before this turn. */
  readonly states: readonly string[];
  /** The numbers of the seats that are taken at this turn: a player who left is not among them. */
  readonly seats: readonly number[];
}
export interface RaisedSignal {
  readonly name: string;
  readonly body?: Body;
}

/** engine.js: `export default (kit: Kit): Engine => ...`. Pure: what it is not told it does not know. */
export interface Engine {
  /** Reasons to refuse this setup, at most 16; none accepts it. */
  check?(start: Omit<Start, "states">): readonly string[];
  /** A new game. May be called again for another one. */
  init(start: Start): void;
  step(turn: Turn): readonly RaisedSignal[] | void;
  /** A uint32 of the whole state. */
  checksum(): number;
  snapshot(): Plain;
  restore(snapshot: Plain): void;
  /** What the view needs: anything that can be cloned, typed arrays too. */
  scene(): unknown;
}

export interface Game {
  /** null for a watcher. */
  readonly seat: number | null;
  readonly seats: readonly SeatOfGame[];
  readonly setup: Body;
  readonly definition: Definition;
  /** The demo wants this seat to play by itself. */
  readonly demo: boolean;
  /** Sends a command, or a request that the room file declares. False: nothing is sent, because
   * as many are on their way as one turn carries. */
  send(name: string, body?: Body): boolean;
}
export interface Rejected {
  readonly name: string;
  readonly body: Body;
  readonly code: string;
  readonly detail: string;
  readonly state: string | null;
  /** What goes now instead. */
  readonly allowed: readonly string[];
}

/** view.js: `export default (root: HTMLElement, game: Game): View => ...`. */
export interface View {
  /** A new scene; glide to it in turn_ms. */
  show(scene: unknown, at: { generation: number; turn_ms: number; states: readonly string[] }): void;
  refused?(rejected: Rejected): void;
  resize?(): void;
  close?(): void;
}

// ---- what the room says -----------------------------------------------------------------

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
  /** By policy and key, in milliseconds, turns or as counts: every policy, stated or default. */
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
  /** The page is out of sight: nobody waits when its packets stop. */
  readonly hidden: boolean;
  /** What of this player makes the turns longer than the others need; null for who keeps up. */
  readonly slow: "line" | "engine" | null;
  readonly missing: boolean;
  readonly lost: boolean;
  readonly diverged: boolean;
  /** The engine can't go on: nobody waits for it. */
  readonly failed: boolean;
  /** The engine begins again, since it had diverged. */
  readonly repairing: boolean;
  /** How long this player had been away or silent when the roster was told; 0 for who is here. */
  readonly absent_ms: number;
  /** How long from then until the seat is lost; null for who is here. */
  readonly lost_in_ms: number | null;
  /** Ballots that are still open: by request, the choice of this player. */
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
/** A refusal's body (RFC 9457). */
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
/** What GET /join/<id> says. */
export interface Picture {
  readonly id: string;
  readonly name: string;
  readonly doc: string;
  readonly states: readonly string[];
  readonly engine: Link;
  readonly view: Link | null;
  /** What the engine works with; null leaves it to this page. */
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

/** A room by its join address, or by its id on this page's server. */
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
  /** Where the frame with the game goes; null runs the engine unseen. */
  view?: HTMLElement | null;
  /** One of PROTOCOLS; without it MessagePack, else JSON. */
  subprotocol?: Subprotocol;
  dev?: {
    /** Step every turn twice from a snapshot and compare: the event `sync` names a difference. */
    sync_test?: boolean;
    /** After so many milliseconds without an answer the engine hangs; 5000 by default. */
    step_ms?: number;
    /** `game.demo` for the view. */
    demo?: boolean;
  };
}
/** Joins, or comes back to the seat that this browser has there. Resolves once the place is
 * taken and the engine fetched; the connection opens after that (event `status`). Rejects
 * with a RoomError when the room refuses. */
export function join(options: JoinOptions): Promise<Seat>;
/** The room before joining. */
export function look(where: Where): Promise<Picture>;
/** Who this browser already is in the room, or null. */
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
  /** Round trip in milliseconds; 0 when not known. */
  readonly rtt: number;
  /** Iterations per second that the engine can run. */
  readonly framerate: number;
  /** Turns that were caught up after returns, losses of the connection, late turns. */
  readonly caughtUp: number;
  /** The turn of the snapshot from which the engine went on, 0 where it began at the first. */
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

/** What everybody in the room is told, as the server sends it. */
export interface RoomEvents {
  setup: { settings: Body; changed_by: string };
  /** A player's engine refuses the setup. */
  refused: { seat: number; reasons: readonly string[] };
  diverged: { generation: number; seats: readonly number[]; decidable: boolean; values: { readonly [seat: string]: number } };
  /** The engines of these seats differ from the majority's and begin again. */
  repair: { generation: number; seats: readonly number[] };
  /** A player's engine can't go on; the room goes on without it. */
  failed: { seat: number; generation: number; text: string };
  chat: { name: string; text: string };
  announcement: { text: string };
  /** left: the names of the players who left the game before its end, in that order. */
  ended: { state: string; because: string | null; left: readonly string[] };
}

export interface SeatEvents extends RoomEvents {
  /** away: `at` is when it is tried again, in the page's performance.now(). */
  status: { status: Status; code?: number; meaning?: string; reason?: string; at?: number };
  roster: Roster;
  chart: Chart & { generation: number };
  /** A turn closed; it is played a little later. */
  turn: MasterPacket;
  /** The engine ran up to here. */
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
  /** What this engine was at a generation that was judged diverged. `generation`: of which kept
   * state this is told, the first from `of` on; null where there is none, and `why`. */
  evidence: Evidence;
  /** The evidence was handed to the server; `why` it was not, or what was wrong with it. */
  testified: { of: number; generation: number | null; parts: number; bytes: number; why: string | null };
  /** This engine's checksum is not the agreed one. */
  differs: { generation: number; own: number; agreed: number };
  /** This engine's checksum is the agreed one: what is seen is what the players see. */
  agrees: { generation: number };
  /** All that was missed is played. again: after a loss, not after a reload. */
  back: CommandCounts & { again: boolean; turns: number; ms: number };
  /** The engine of this page can't go on: load the page again. generation: the turn that it could
   * not run. */
  broken: { error: { name: string; message: string; stack: string }; generation: number; during?: string };
  /** This page's engine or view has a fault with which the game goes on. Each is told once. */
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
  /** null for a watcher, and before the first answer. */
  readonly seat: number | null;
  readonly name: string | null;
  readonly user: string | null;
  readonly roster: Roster;
  readonly setup: Body;
  readonly states: readonly string[];
  readonly variables: Body;
  readonly pace: Pace;
  /** The last turn that the engine has run, and the last one that is closed. */
  readonly generation: number;
  readonly closed: number;
  readonly isRunning: boolean;
  readonly ended: { state: string; because: string | null; left: readonly string[] } | null;
  /** The latest news `back`; null before the first. */
  readonly returned: SeatEvents["back"] | null;
  /** The last turn after which the room's agreed checksum was this engine's too, 0 for none. */
  readonly agreed: number;
  allows(name: string): boolean;
  checksum(generation: number): number | undefined;
  meters(): Meters;
  on<Name extends keyof SeatEvents>(name: Name, hear: (detail: SeatEvents[Name]) => void): () => void;
  /** Sends a command, or a request that the room file declares. False: it is refused at once, and
   * the event `rejected` says why. */
  send(name: string, body?: Body): boolean;
  request(name: string, body?: Body): Promise<unknown>;
  configure(settings: Body): Promise<unknown>;
  ready(ready?: boolean): Promise<unknown>;
  chat(text: string): Promise<unknown>;
  /** Gives the seat up for good. */
  leave(): Promise<unknown>;
  /** After `displaced`: play here again. */
  takeBack(): void;
  /** While `away`: try again now. */
  wake(): void;
  /** Ends this page's part; the seat stays. */
  close(): void;
  readonly dev: {
    drop(ms?: number): void;
    delay(ms: number): void;
    /** Fails the engine, as a bug would on this machine alone. */
    breakEngine(message?: string): void;
    corrupt(path?: string | null): Promise<{ path: string | null }>;
    snapshot(): Promise<{ snapshot: Plain; checksum: number }>;
  };
}
