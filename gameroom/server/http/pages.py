"""The files for browsers: pages and engines, with their content security policies.

A page can run only our scripts. Uploaded code runs only in the sandbox, whose policy gives it an
opaque origin and no network. Both policies are in this module.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256

from aiohttp import web

from gameroom import resources

WEB = resources.web()
"""The folder with the pages and the JavaScript client."""

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
    """The policy of our pages. host: the name that the browser uses for this server. Both `ws` and
    `wss` are allowed, because behind a proxy we cannot know whether the browser uses TLS."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"connect-src 'self' ws://{host} wss://{host}; img-src 'self' data:; frame-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


@cache
def sandbox_policy() -> str:
    """The policy of the frame that runs uploaded code: no origin, no network, no cookies.

    It allows one script of ours, by its hash. The page passes all other code as text, and the
    frame creates blobs from it. So the frame never loads anything, not even from this server.
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
"""The headers of uploaded code: a fixed type, never a document, only for pages of this origin."""


PICTURE_HEADERS = {
    "Content-Type": "image/svg+xml",
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
"""The headers of the picture of a room's chart. It never changes and contains the author's text."""


def policy_host(request: web.Request) -> str:
    """The request's Host header, checked so that a policy can contain it.

    Raises HTTPBadRequest if it is not a valid host.
    """
    if not HOST.fullmatch(request.host):
        raise web.HTTPBadRequest(text="The Host header is not a valid host.")
    return request.host


def file_response(
    request: web.Request, name: str, *, fresh: bool = False, status: int = 200
) -> web.FileResponse:
    """A file of the package's `web` folder.

    fresh: caches must not store the response. For pages that people see.
    Raises HTTPNotFound for each name that is not a regular file in this folder.
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
        # DNS lookups and connections without a request can leak data too, and the policy covers
        # neither. Browsers that do not know the second header yet still open connections for
        # `<link rel=preconnect>`: see docs/design.md.
        headers["X-DNS-Prefetch-Control"] = "off"
        headers["Connection-Allowlist"] = "()"
    return web.FileResponse(path, headers=headers, status=status)
