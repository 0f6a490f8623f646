/**
 * Reads and checks the records of a `.replay` file.
 *
 * Knows no turns and no engine. Damage is reported with its position. For a file that is cut off,
 * the complete records before the cut are returned, together with a problem. The format is in
 * gameroom/store/replay.py (docs/replays.md).
 */

export const BYTES_MAX = 512 * 1024 * 1024;
const MAGIC = "gameroom replay\n";
const FORMAT = 1;
const RECORD_BYTES_MAX = 64 * 1024 * 1024;
const HEAD_BYTES = 16;
const FOOT_BYTES = 5;
const ENTRY_BYTES = 17;

const CRC = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let i = 0; i < 8; i += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

function crc32(bytes, from, to) {
  let c = -1;
  for (let i = from; i < to; i += 1) c = (c >>> 8) ^ CRC[(c ^ bytes[i]) & 255];
  return ~c >>> 0;
}

/** The file is not a replay, or its beginning is damaged: nothing can be played. */
export class NoReplayError extends Error {
  name = "NoReplayError";
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads records one after the other. `next` returns a payload, or "cut" if the file ends early. */
class Records {
  at = MAGIC.length;
  #bytes;
  #view;

  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left() {
    return this.#bytes.length - this.at;
  }

  /** Throws a RangeError with the position unless the next record is a valid record `seq`. */
  next(seq) {
    const { at } = this;
    const wrong = (why) => new RangeError(`entry ${seq} at byte ${at} is damaged: ${why}`);
    if (this.left < HEAD_BYTES) return "cut";
    if (crc32(this.#bytes, at, at + 12) !== this.#view.getUint32(at + 12, true)) throw wrong("the checksum of its head is wrong");
    const size = this.#view.getUint32(at, true);
    const said = Number(this.#view.getBigUint64(at + 4, true));
    if (said !== seq) throw wrong(`found entry ${said} in its place`);
    if (size > RECORD_BYTES_MAX) throw wrong(`its size of ${size} bytes is too large`);
    if (this.left < HEAD_BYTES + size + FOOT_BYTES) return "cut";
    const from = at + HEAD_BYTES;
    if (crc32(this.#bytes, from, from + size) !== this.#view.getUint32(from + size, true)) throw wrong("its checksum is wrong");
    if (this.#bytes[from + size + 4] !== 10) throw wrong("its last byte is wrong");
    this.at = from + size + FOOT_BYTES;
    return this.#bytes.subarray(from, from + size);
  }
}

/**
 * The parts of a .replay file: {header, definition, engine, view, kit, entries, problem}. view and
 * kit are null if the header names none. Each entry is {seq, at, event}, event as bytes. problem:
 * describes an error after the last complete entry, null for a complete file. Throws NoReplayError
 * if nothing can be played.
 */
export function readReplay(bytes) {
  if (bytes.length > BYTES_MAX) throw new NoReplayError(`The file is too large for a browser: ${bytes.length} bytes. The limit is ${BYTES_MAX}.`);
  for (let i = 0; i < MAGIC.length; i += 1) {
    if (bytes[i] !== MAGIC.charCodeAt(i)) throw new NoReplayError("This file is not a replay.");
  }
  const records = new Records(bytes);
  const beginning = (what, read) => {
    try {
      const payload = records.next(0);
      if (payload !== "cut") return read(text.decode(payload));
    } catch (error) {
      throw new NoReplayError(`The ${what} cannot be read: ${error.message}.`);
    }
    throw new NoReplayError(`The file is incomplete: it ends within its ${what}.`);
  };
  const header = beginning("header", JSON.parse);
  if (header?.format !== FORMAT) throw new NoReplayError(foreign(header));
  const definition = beginning("definition", JSON.parse);
  const engine = beginning("engine", String);
  const named = (part) => ((header[part] ?? null) === null ? null : beginning(part, String));
  const [view, kit] = [named("view"), named("kit")];
  return { header, definition, engine, view, kit, ...readEntries(records) };
}

/** The message for a replay with another format version. */
function foreign(header) {
  const { format, release } = header ?? {};
  if (!Number.isSafeInteger(format)) return "This replay does not state its format.";
  const writer = typeof release === "string" ? ` by gameroom ${release.slice(0, 40)}` : "";
  return `This replay was written${writer} in format ${format}; this player reads format ${FORMAT}.`;
}

function readEntries(records) {
  const entries = [];
  for (;;) {
    const { at } = records;
    const seq = entries.length + 1;
    let payload;
    try {
      payload = records.next(seq);
    } catch (error) {
      return { entries, problem: `Damaged: ${error.message}. Only the events before it can be played.` };
    }
    if (payload === "cut") return { entries, problem: `The file is incomplete: it is cut off at byte ${at}. Only the events before that can be played.` };
    if (payload.length === 0) return { entries, problem: records.left > 0 ? "The file has extra data after its end." : null };
    if (payload.length < ENTRY_BYTES) return { entries, problem: `Damaged: entry ${seq} at byte ${at} is too short. Only the events before it can be played.` };
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const size = view.getUint32(9, true);
    if (ENTRY_BYTES + size > payload.length) return { entries, problem: `Damaged: entry ${seq} at byte ${at} is too short. Only the events before it can be played.` };
    entries.push({ seq, at: Number(view.getBigUint64(0, true)), event: payload.subarray(ENTRY_BYTES, ENTRY_BYTES + size) });
  }
}
