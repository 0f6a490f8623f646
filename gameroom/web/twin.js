/**
 * The sync test: runs each turn also in a second engine, the twin, which is restored before it.
 *
 * Before each turn, the twin starts like the engine of a returning player: `init` with the start of
 * the game, then `restore` with the canonical bytes of the state. Then both run the turn and must
 * have the same result. The playing engine itself is never restored. So the test detects state that
 * a restore loses.
 *
 * It knows no room and no clock, and imports nothing: the worker loads it as text.
 */

/** The twin's turn runs with a call stack this much deeper. This detects engines whose result
 * depends on the maximum depth of calls. */
const DEEPER = 200;

const decoder = new TextDecoder();

export class Twin {
  #make;
  #canonical;
  #start = null;
  /** The state as text, before the turn and after the last one. */
  #before = null;
  #after = null;
  #twin = null;
  #runs = 0;
  #found = null;
  #told = new Set();

  /** make: () => a new engine, from a new instance of its module. canonical: the kit's function. */
  constructor(make, canonical) {
    this.#make = make;
    this.#canonical = canonical;
  }

  /** Call this after the engine's `init`, with the same {setup, seats, seed, states}. */
  begin({ setup, seats, seed, states }) {
    this.#start = JSON.stringify({ setup, seats, seed, states });
    this.#twin = this.#after = null;
    this.#runs = 0;
    this.#told.clear();
  }

  /** Runs the turn with the engine and with the twin; returns what the engine's `step` gave. */
  step(engine, turn) {
    const told = JSON.stringify(turn);
    this.#before = this.#textOf(engine, turn);
    if (this.#before !== null && this.#after !== null && this.#before !== this.#after) {
      const why = "scene(), checksum() or snapshot() changed the state";
      this.#find(turn, difference(this.#after, this.#before), why);
    }
    const raised = listOf(engine.step(JSON.parse(told)));
    this.#after = this.#textOf(engine, turn);
    if (this.#before === null || this.#after === null) return raised;
    const sum = engine.checksum();
    // Variables outside the state also change in the twin. Running the first turn twice makes them
    // differ from then on, so that the test detects them.
    if (this.#runs === 0) this.#return(told);
    const ended = this.#return(told);
    if (ended.why !== undefined) this.#find(turn, ended.part, ended.why);
    else if (ended.state !== this.#after) {
      this.#find(turn, difference(this.#after, ended.state), "the turn has a different result after a restore");
    } else if (ended.sum !== sum) {
      this.#find(turn, "checksum", "equal states have different checksums");
    } else if (ended.raised !== this.#signalsOf(raised)) {
      this.#find(turn, "signals", "the turn raises different signals after a restore");
    }
    return raised;
  }

  /** The engine's state was changed from outside. */
  forget() {
    this.#after = null;
  }

  /** The new finding since the last call, {generation, part, why}, or null. Each finding is
   * returned once. */
  take() {
    const found = this.#found;
    this.#found = null;
    return found;
  }

  /** The result of the turn for an engine that was restored before it: {state, sum, raised}, or
   * {part, why}. */
  #return(told) {
    this.#runs += 1;
    // Alternate between a new engine (a reopened page) and the twin that has played before.
    if (this.#twin === null || this.#runs % 3 === 0) this.#twin = this.#make();
    const twin = this.#twin;
    let doing = "init";
    try {
      twin.init(JSON.parse(this.#start));
      doing = "restore";
      twin.restore(JSON.parse(this.#before));
      doing = "snapshot";
      const restored = this.#plain(twin);
      if (restored !== this.#before) {
        return { part: difference(this.#before, restored), why: "restore() does not reproduce the state that snapshot() returned" };
      }
      doing = "step";
      const raised = this.#signalsOf(listOf(deeper(DEEPER, () => twin.step(JSON.parse(told)))));
      doing = "snapshot";
      const state = this.#plain(twin);
      doing = "checksum";
      return { state, sum: twin.checksum(), raised };
    } catch (error) {
      this.#twin = null;
      return { part: `${doing}()`, why: `the engine fails after a restore: ${String(error?.message ?? error)}` };
    }
  }

  /** Signals as text. Invalid signals are checked elsewhere. */
  #signalsOf(raised) {
    try {
      return decoder.decode(this.#canonical((raised ?? []).map(({ name, body = {} }) => [name, body])));
    } catch {
      return "";
    }
  }

  #plain(engine) {
    return decoder.decode(this.#canonical(engine.snapshot()));
  }

  #textOf(engine, turn) {
    try {
      return this.#plain(engine);
    } catch (error) {
      const [, part, why] = misfit(error);
      this.#find(turn, part, `the state cannot be saved: ${why}`);
      return null;
    }
  }

  #find({ generation }, part, why) {
    if (this.#told.has(why + part)) return;
    this.#told.add(why + part);
    this.#found ??= { generation, part, why };
  }
}

/** Converts an iterable, which might be iterable only once, to a list. */
const listOf = (raised) => (typeof raised?.[Symbol.iterator] === "function" ? [...raised] : raised);

function deeper(calls, act) {
  if (calls === 0) return act();
  const given = deeper(calls - 1, act);
  return given;
}

/** Splits the kit's error about a value that is not plain: [text, path, why]. */
export function misfit(error) {
  const said = String(error?.message ?? error);
  const found = /^value((?:[.[].*?)?): ([^]*)$/.exec(said);
  return found === null ? [said, "the whole state", said] : [said, found[1].replace(/^\./, "") || "the whole state", found[2]];
}

/** The path of the first difference between two states in canonical text. */
function difference(a, b) {
  return firstDifference(JSON.parse(a), JSON.parse(b), "") ?? "the whole state";
}

function firstDifference(a, b, path) {
  if (a === b) return null;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return path || "the whole state";
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  for (const name of names) {
    const found = firstDifference(a[name], b[name], path ? `${path}.${name}` : name);
    if (found !== null) return found;
  }
  return null;
}
