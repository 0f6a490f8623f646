// A view that wants no answer: a connection to an address of its choice says enough. Each way has
// an address of its own; ADDRESSES is filled in by test_sandbox.py.
const XHTML = "http://www.w3.org/1999/xhtml";
const html = (to) => `<link rel="preconnect" href="${to}">`;
const xml = (to) => `<x:link xmlns:x="${XHTML}" rel="preconnect" href="${to}"/>`;
const link = (element, rel, href) => document.head.append(Object.assign(element, { rel, href }));
const parsed = (text, type) => new DOMParser().parseFromString(text, type);
const div = () => document.body.appendChild(document.createElement("div"));
const framed = (values) => new Promise((loaded) => {
  document.body.append(Object.assign(document.createElement("iframe"), values, { onload: loaded, onerror: loaded }));
});

const WAYS = {
  createElement: (to) => link(document.createElement("link"), "preconnect", to),
  "look up a name": (to) => link(document.createElement("link"), "dns-prefetch", to),
  prefetch: (to) => link(document.createElement("link"), "prefetch", to),
  createElementNS: (to) => link(document.createElementNS(XHTML, "link"), "preconnect", to),
  createDocument: (to) => link(document.implementation.createDocument(XHTML, "link").documentElement, "preconnect", to),
  customElements: (to) => {
    class Sly extends HTMLLinkElement {}
    customElements.define("sly-link", Sly, { extends: "link" });
    link(new Sly(), "preconnect", to);
  },
  innerHTML: (to) => { div().innerHTML = html(to); },
  insertAdjacentHTML: (to) => div().insertAdjacentHTML("beforeend", html(to)),
  setHTMLUnsafe: (to) => div().setHTMLUnsafe(html(to)),
  setHTML: (to) => div().setHTML(html(to), { sanitizer: { elements: ["link"], attributes: ["rel", "href"] } }),
  template: (to) => {
    const template = Object.assign(document.createElement("template"), { innerHTML: html(to) });
    document.body.append(template.content);
  },
  shadow: (to) => { div().attachShadow({ mode: "open" }).innerHTML = html(to); },
  "XML fragment": (to) => {
    const inner = document.implementation.createDocument("", "root").createElementNS(XHTML, "div");
    inner.innerHTML = xml(to);
    document.body.append(inner);
  },
  DOMParser: (to) => document.body.append(parsed(html(to), "text/html").querySelector("link")),
  "DOMParser of XML": (to) => document.body.append(document.adoptNode(parsed(xml(to), "application/xml").documentElement)),
  "DOMParser of an entity": (to) => {
    const said = `&#60;link xmlns='${XHTML}' rel='preconnect' href='${to}'/>`;
    const from = parsed(`<!DOCTYPE root [<!ENTITY said "${said}">]><root>&said;</root>`, "application/xml");
    document.body.append(document.adoptNode(from.documentElement));
  },
  parseHTMLUnsafe: (to) => document.body.append(Document.parseHTMLUnsafe(html(to)).querySelector("link")),
  createContextualFragment: (to) => document.body.append(document.createRange().createContextualFragment(html(to))),
  srcdoc: (to) => framed({ srcdoc: html(to) }),
  "frame elsewhere": (to) => framed({ src: to }),
  image: (to) => { new Image().src = to; },
  fetch: (to) => fetch(to),
  socket: (to) => { new WebSocket(to.replace("http", "ws")); },
  "in a worker": (to) => new Promise((done) => {
    const source = `fetch("${to}").catch(() => 0).finally(() => postMessage(0));`;
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    Object.assign(new Worker(url), { onmessage: done, onerror: done });
  }),
  "link that is pressed": (to) => {
    const anchor = Object.assign(document.createElement("a"), { href: to, textContent: "press" });
    anchor.style = "position: fixed; inset: 0; font-size: 200px";
    document.body.append(anchor);
  },
  refresh: (to) => framed({ srcdoc: `<meta http-equiv="refresh" content="0;url=${to}">` }),
};

export default () => {
  const tried = Object.entries(WAYS).map(async ([name, way]) => way(ADDRESSES[name]));
  Promise.allSettled(tried).then((all) => {
    document.title = `tried ${all.length}`;
  });
  return { show() {} };
};
