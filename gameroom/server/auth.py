"""Who is asking: create keys, session tokens, origins.

Knows no room. A secret is compared and looked up by its SHA-256 alone, so neither the
stores nor a timing tells it. No secret is ever in a URL, a log or an error.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web

from gameroom.server.config import is_loopback

PROFILE = re.compile(r"[a-z0-9]{1,16}")
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}")
DEFAULT_PROFILE = "0"
COOKIE_AGE_S = 400 * 24 * 3600
"""How long a browser keeps a seat's cookie after its last use: as long as browsers allow
(RFC 6265bis, 5.5). The session itself lasts as long as its room."""


def room_id(draw: Callable[[], str] = lambda: secrets.token_urlsafe(16)) -> str:
    """A fresh id. It never begins with `-`: ids are words on command lines and names of files."""
    while (drawn := draw()).startswith("-"):
        pass
    return drawn


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything unpredictable comes from; tests bring their own.

    room: almost 128 bits, url-safe. token: 256 bits, url-safe. user: a guest's uuid.
    seed: 32 bits for the engines. wall: the time of day in milliseconds since 1970, which is
    written down for people to read; it decides nothing, as it may jump.
    """

    room: Callable[[], str] = room_id
    token: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    user: Callable[[], str] = lambda: str(uuid4())
    seed: Callable[[], int] = lambda: secrets.randbits(32)
    wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000


def digest(secret: str) -> bytes:
    """What is stored and compared in place of a secret.

    A header may hold any bytes; aiohttp reads those that are not UTF-8 as lone surrogates.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def opens(keys: Sequence[bytes], given: str | None) -> bool:
    """Whether `given` is one of the create keys; takes as long for any wrong one."""
    found = False
    presented = digest(given or "")
    for key in keys:
        found |= hmac.compare_digest(key, presented)
    return found and given is not None


def bearer(request: web.Request) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def profile(request: web.Request) -> str | None:
    """Which of a browser's seats is meant: `?profile=b`; None when it is no profile name."""
    name = request.query.get("profile", DEFAULT_PROFILE)
    return name if PROFILE.fullmatch(name) else None


def session_token(request: web.Request) -> str | None:
    """The token that came with a request: bearer header first, then the profile's cookie."""
    token = bearer(request)
    if token is None and (name := profile(request)) is not None:
        token = _cookie(request, cookie_name(name))
    return token if token is not None and TOKEN.fullmatch(token) else None


def _cookie(request: web.Request, name: str) -> str | None:
    """The value of a cookie of ours, which needs no quoting. aiohttp would log every cookie
    that it does not like."""
    for header in request.headers.getall("Cookie", ()):
        for pair in header.split(";"):
            said, _, value = pair.strip().partition("=")
            if said == name:
                return value
    return None


def cookie_name(name: str) -> str:
    return f"gameroom_{name}"


def set_cookie(
    response: web.StreamResponse, name: str, token: str, room: str, *, secure: bool
) -> None:
    """Give a browser its seat's token where no script can read it."""
    response.set_cookie(
        cookie_name(name),
        token,
        max_age=COOKIE_AGE_S,
        path=f"/rooms/{room}",
        httponly=True,
        samesite="Strict",
        secure=secure,
    )


def renew_cookie(request: web.Request, response: web.StreamResponse, room: str) -> None:
    """Let the cookie by which this request was let in live on. For requests whose Origin
    browsers send, or a proxy's TLS is not known."""
    name = None if bearer(request) is not None else profile(request)
    token = None if name is None else _cookie(request, cookie_name(name))
    if name is not None and token is not None:
        set_cookie(response, name, token, room, secure=is_secure(request))


def drop_cookie(response: web.StreamResponse, name: str, room: str) -> None:
    response.del_cookie(cookie_name(name), path=f"/rooms/{room}")


def is_browser(request: web.Request) -> bool:
    """Browsers say so by headers that their scripts cannot leave out."""
    return "Origin" in request.headers or "Sec-Fetch-Site" in request.headers


def is_secure(request: web.Request) -> bool:
    """Whether the browser came by TLS, as far as we or its page's origin can tell: behind a
    proxy only the origin does."""
    return request.secure or request.headers.get("Origin", "").startswith("https://")


def address(request: web.Request, proxies: Sequence[str]) -> str:
    """Who to reckon a request to, see `network`. A proxy of ours says so at the end of
    X-Forwarded-For; what stands before that, and what anybody else says there, is anybody's
    word."""
    remote = request.remote or ""
    if remote in proxies:
        said = ",".join(request.headers.getall("X-Forwarded-For", ()))
        remote = said.rpartition(",")[2].strip()[:64] or remote
    return network(remote)


def network(said: str) -> str:
    """Whom an address is counted with. In IPv6 one customer has a /64 at least (RFC 6177), and so
    2^64 addresses that cost nothing."""
    try:
        found = ipaddress.ip_address(said.partition("%")[0])
    except ValueError:
        return said
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def origin_fits(request: web.Request, allowed: Sequence[str]) -> bool:
    """Whether the page behind a request, if there is one, may use this server.

    Exact comparison with the configured origins; on loopback also with the listener's
    own, known from the very socket and not from the Host header, which an attacker's
    name that resolves to loopback would fill.
    """
    origin = request.headers.get("Origin")
    if origin is None or origin in allowed:
        return True
    return origin in own_origins(request)


def own_origins(request: web.Request) -> tuple[str, ...]:
    """The origins of a listener on loopback, empty for any other."""
    transport = request.transport
    name = transport.get_extra_info("sockname") if transport is not None else None
    if not name or not is_loopback(str(name[0])):
        return ()
    scheme, usual = ("https", 443) if request.secure else ("http", 80)
    port = "" if name[1] == usual else f":{name[1]}"
    return tuple(f"{scheme}://{host}{port}" for host in ("127.0.0.1", "localhost", "[::1]"))
