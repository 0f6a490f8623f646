"""Authenticates requests: create keys, session tokens, origins.

Knows no room. Secrets are compared and looked up only by their SHA-256, so neither the stores nor
the timing of an answer reveals them. A secret never appears in a URL, a log line or an error.
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
    """A new id. It never starts with `-`, because ids are used on command lines and as file
    names."""
    while (drawn := draw()).startswith("-"):
        pass
    return drawn


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of everything unpredictable. Tests replace them.

    room: a room id, almost 128 bits, URL-safe. token: 256 bits, URL-safe. user: the uuid of a
    guest. seed: 32 bits for the engines. wall: the time of day in milliseconds since 1970, only
    for people to read. No decision depends on it, because it can jump.
    """

    room: Callable[[], str] = room_id
    token: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    user: Callable[[], str] = lambda: str(uuid4())
    seed: Callable[[], int] = lambda: secrets.randbits(32)
    wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000


def digest(secret: str) -> bytes:
    """The SHA-256 of a secret, which is stored and compared instead of the secret.

    A header can contain any bytes. aiohttp decodes bytes that are not UTF-8 as lone surrogates.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def opens(keys: Sequence[bytes], given: str | None) -> bool:
    """Whether `given` is one of the create keys. Takes the same time for every wrong key."""
    found = False
    presented = digest(given or "")
    for key in keys:
        found |= hmac.compare_digest(key, presented)
    return found and given is not None


def bearer(request: web.Request) -> str | None:
    """The token in the `Authorization: Bearer` header, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def profile(request: web.Request) -> str | None:
    """Which of a browser's seats the request uses, from `?profile=b`. None if the name is not
    valid."""
    name = request.query.get("profile", DEFAULT_PROFILE)
    return name if PROFILE.fullmatch(name) else None


def session_token(request: web.Request) -> str | None:
    """The token of a request, or None: the bearer header comes first, then the profile's cookie."""
    token = bearer(request)
    if token is None and (name := profile(request)) is not None:
        token = _cookie(request, cookie_name(name))
    return token if token is not None and TOKEN.fullmatch(token) else None


def _cookie(request: web.Request, name: str) -> str | None:
    """The value of one of our cookies, or None. They are never quoted. We don't use aiohttp's
    parser because it logs every cookie that it considers invalid."""
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
    """Give a browser its seat's token in a cookie that scripts cannot read."""
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
    """Extend the lifetime of the cookie that authenticated this request. Call it only for requests
    to which browsers add an Origin: behind a proxy, only the Origin reveals TLS."""
    name = None if bearer(request) is not None else profile(request)
    token = None if name is None else _cookie(request, cookie_name(name))
    if name is not None and token is not None:
        set_cookie(response, name, token, room, secure=is_secure(request))


def drop_cookie(response: web.StreamResponse, name: str, room: str) -> None:
    response.del_cookie(cookie_name(name), path=f"/rooms/{room}")


def is_browser(request: web.Request) -> bool:
    """Whether a browser sent the request. Scripts cannot remove the headers checked here."""
    return "Origin" in request.headers or "Sec-Fetch-Site" in request.headers


def is_secure(request: web.Request) -> bool:
    """Whether the browser used TLS, by the connection or by the origin of its page. Behind a proxy
    only the origin reveals it."""
    return request.secure or request.headers.get("Origin", "").startswith("https://")


def address(request: web.Request, proxies: Sequence[str]) -> str:
    """The address or network that a request is counted for (see `network`). Only the last entry of
    X-Forwarded-For is used, and only from one of our proxies: clients can forge the rest."""
    remote = request.remote or ""
    if remote in proxies:
        said = ",".join(request.headers.getall("X-Forwarded-For", ()))
        remote = said.rpartition(",")[2].strip()[:64] or remote
    return network(remote)


def network(said: str) -> str:
    """The network that an address is counted for: the address itself in IPv4, its /64 in IPv6. An
    IPv6 customer has at least a /64 (RFC 6177), so 2^64 free addresses."""
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
    """Whether the page that sent a request can use this server. True if there is no page.

    The origin must equal a configured origin. On loopback, the listener's own origins are also
    allowed. They come from the socket, not from the Host header: an attacker's domain can resolve
    to loopback, and its name would then be in that header.
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
