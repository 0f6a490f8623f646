"""What is served to browsers as files: the pages, the engines, and their policies.

A page may run our scripts and nothing else; uploaded code runs only in the sandbox,
whose policy gives it an opaque origin and no network. Both policies stand here.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256

from aiohttp import web

from gameroom import resources

WEB = resources.web()
"""Where the pages and the communications module are."""

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
FILE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*){0,3}")
HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")
SANDBOX = "sandbox.html"


def page_policy(host: str) -> str:
    """The policy of our pages; `host` is what the browser calls us, whether by TLS or not:
    behind a proxy we cannot tell."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"connect-src 'self' ws://{host} wss://{host}; img-src 'self' data:; frame-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


@cache
def sandbox_policy() -> str:
    """The policy of the frame that runs uploaded code: no origin, no network, no cookies.

    One script of ours is let in, by its hash; every other source is handed over by the page
    as text and becomes a blob. So nothing is ever fetched from inside, not even from us.
    """
    page = (WEB / SANDBOX).read_text(encoding="utf-8")
    script = page.partition("<script>")[2].partition("</script>")[0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return (
        f"sandbox allow-scripts; default-src 'none'; script-src 'sha256-{digest}' blob:; "
        "worker-src blob:; style-src 'unsafe-inline'; img-src data: blob:; "
        "connect-src 'none'; frame-ancestors 'self'"
    )


ENGINE_HEADERS = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Uploaded code: typed by us, never a document, read by pages of this origin alone."""


PICTURE_HEADERS = {
    "Content-Type": "image/svg+xml",
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
"""A room's chart: it never changes, and holds an author's words."""


def policy_host(request: web.Request) -> str:
    """The request's Host, as far as it is fit to stand in a policy.

    Raises HTTPBadRequest for a Host that is none.
    """
    if not HOST.fullmatch(request.host):
        raise web.HTTPBadRequest(text="The Host header is not a valid host.")
    return request.host


def file_response(
    request: web.Request, name: str, *, fresh: bool = False, status: int = 200
) -> web.FileResponse:
    """A file of the package's `web` folder.

    fresh: answered anew each time, and kept by no cache (what a person sees).
    Raises HTTPNotFound for every name that is not a plain file there.
    """
    path = WEB / name
    kind = TYPES.get(path.suffix)
    if kind is None or not FILE.fullmatch(name) or path.is_symlink() or not path.is_file():
        raise web.HTTPNotFound(text="There is no such file.")
    policy = sandbox_policy() if name == SANDBOX else page_policy(policy_host(request))
    headers = {
        "Content-Type": kind,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store" if fresh else "no-cache",
        "Content-Security-Policy": policy,
    }
    if name == SANDBOX:
        # A name that is looked up and a connection without a request are messages too, and the
        # policy covers neither. Browsers that do not know the second header yet open connections
        # for `<link rel=preconnect>`: docs/design.md.
        headers["X-DNS-Prefetch-Control"] = "off"
        headers["Connection-Allowlist"] = "()"
    return web.FileResponse(path, headers=headers, status=status)
