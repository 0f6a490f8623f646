/**
 * Runs inside the frame with an opaque origin: starts the engine's worker and runs the game's view.
 *
 * It knows neither the room nor the server. The page sends messages over a port and passes all
 * sources as text. Orders to the engine bypass it, over the worker's own port; the worker sends
 * scenes directly to it. Errors of the view are reported, never thrown.
 */

const blob = (source) => URL.createObjectURL(new Blob([source], { type: "text/javascript" }));

// Remove network access that no policy covers.
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"]) {
  Reflect.deleteProperty(globalThis, name);
}

/** How many problems of a view can be on their way to the page at once. */
const PROBLEMS_MAX = 16;

/**
 * Sends unsolicited messages from the frame to its page. At most `most` messages are on their way,
 * until the page confirms that it has taken them. Further messages are dropped here, so that they
 * cost the page nothing.
 */
export class Outlet {
  #post;
  #posted = 0;
  #taken = 0;

  constructor(post, most) {
    this.#post = post;
    this.most = most;
  }

  /** Sends a message. Returns false if it was dropped. */
  post(message) {
    if (this.#posted - this.#taken >= this.most) return false;
    this.#post(message);
    this.#posted += 1;
    return true;
  }

  /** The page has confirmed this many messages in total. */
  taken(count) {
    this.#taken = count;
  }
}

/** parts: the sources that worker.js takes. sync: whether it runs the sync test. */
export function start({ worker: workerSource, parts, sync, view: viewSource }, [enginePort, port]) {
  const root = document.getElementById("view");
  const said = (error) => String(error?.message ?? error).slice(0, 300);
  const post = (message) => port.postMessage(message);
  const problems = new Outlet(post, PROBLEMS_MAX);
  // The limit is the number of commands per turn. The page sends it together with the game.
  const sends = new Outlet(post, 0);
  const problem = (part, error) => problems.post({ problem: { part, detail: said(error), stack: String(error?.stack ?? "") } });

  const worker = new Worker(blob(workerSource), { name: "engine" });
  worker.onerror = (event) => problem("engine", event.message || "the worker could not start");
  worker.postMessage({ ...parts, sync }, [enginePort]);

  let make = null;
  let view = null;
  let game = null;
  let opened = null;
  let shown = null;

  function open() {
    if (make === null || game === null || opened === null) return;
    attempt("close", () => view?.close?.());
    root.replaceChildren();
    view = null;
    attempt("view", () => {
      view = make(root, {
        ...game,
        seats: opened.seats,
        setup: opened.setup,
        send: (name, body = {}) => sends.post({ send: { name: String(name), body } }),
      });
    });
    show();
  }

  function show() {
    if (view !== null && shown !== null) attempt("show", () => view.show(shown.scene, shown));
  }

  function attempt(part, act) {
    try {
      act();
    } catch (error) {
      problem(part, error);
    }
  }

  worker.onmessage = ({ data }) => {
    if (data.open !== undefined) {
      opened = data.open;
      shown = null;
      open();
    } else if (data.scene !== undefined) {
      shown = data;
      show();
    }
  };

  port.onmessage = ({ data }) => {
    if (data.stop) worker.terminate();
    else if (data.game !== undefined) {
      game = data.game;
      sends.most = data.sends ?? 0;
      open();
    } else if (data.taken !== undefined) {
      sends.taken(data.taken.sends);
      problems.taken(data.taken.problems);
    }
    else if (data.refused !== undefined) attempt("refused", () => view?.refused?.(data.refused));
  };

  new ResizeObserver(() => attempt("resize", () => view?.resize?.())).observe(root);
  addEventListener("error", (event) => problem("view", event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => problem("view", event.reason));

  if (typeof viewSource === "string") {
    import(blob(viewSource)).then((module) => {
      if (typeof module.default !== "function") throw new TypeError("view.js has no `export default (root, game) => view`");
      make = module.default;
      open();
    }).catch((error) => problem("view", error));
  }
}
