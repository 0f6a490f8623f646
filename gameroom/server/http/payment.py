"""Charges requests: each waits for its turn, and its payer's allowance pays for its cost.

Knows allowances and rounds, but not the content of requests. The payer is the session in the room;
a request without a session is charged to its address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from gameroom.server import auth
from gameroom.server.allowances import BYTES_PER_US, HTTP_US, PIECE_US, Allowance
from gameroom.server.host.rounds import BusyError
from gameroom.server.http.access import member
from gameroom.server.refusals import BUSY, ProblemError, too_much
from gameroom.server.services import SERVICES

T = TypeVar("T")

BUSY_STEP_S = 0.01
"""How long a piece of a long body is delayed if too many requests wait for a turn."""

LATE_S = 1.0
"""The delay of a refusal after too many refusals. A client that ignores them can then send at most
one request per connection in this time."""

FREE = frozenset(("/livez", "/readyz"))
"""Health checks are free: they can come from the same address as other clients of a proxy."""


@dataclass(frozen=True, slots=True)
class Payer:
    name: str
    allowance: Allowance


PAYER: web.RequestKey[Payer] = web.RequestKey("payer", Payer)


@web.middleware
async def paid(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make every request wait for its turn, and charge it. Raises ProblemError."""
    services, payer = request.app[SERVICES], _payer(request)
    request[PAYER] = payer
    allowance = payer.allowance
    try:
        await services.rounds.turn(payer.name, least_us=HTTP_US)
    except BusyError:
        raise ProblemError(BUSY) from None
    if request.path not in FREE:
        if wait := allowance.work_us.wait(services.now()):
            if allowance.refusals.take(services.now()):
                await asyncio.sleep(LATE_S)
            raise ProblemError(too_much(wait))
        charge(request, HTTP_US)
    try:
        response = await handler(request)
    finally:
        if not request.content.is_eof():
            _charge_unread(request)
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        charge(request, len(response.body) // BYTES_PER_US)
    return response


def charge(request: web.Request, cost_us: int) -> None:
    """Charge the request's payer for this many microseconds of work."""
    request[PAYER].allowance.work_us.charge(request.app[SERVICES].now(), cost_us)


def reckoned(request: web.Request, make: Callable[[], T]) -> T:
    """Call `make` and return its result. The request's payer is charged for the time."""
    clock_us = request.app[SERVICES].rounds.clock_us
    began = clock_us()
    try:
        return make()
    finally:
        charge(request, clock_us() - began)


async def paced(request: web.Request, size: int) -> None:
    """Charge for a piece of a long body (`size` bytes received or sent), and wait until the
    allowance and the rounds permit the next piece."""
    services, payer = request.app[SERVICES], request[PAYER]
    cost_us = PIECE_US + size // BYTES_PER_US
    charge(request, cost_us)
    while wait := payer.allowance.work_us.wait(services.now()):
        await asyncio.sleep(wait / 1000)
    try:
        await services.rounds.turn(payer.name, least_us=cost_us)
    except BusyError:
        await asyncio.sleep(BUSY_STEP_S)


def _charge_unread(request: web.Request) -> None:
    """Charge for the announced size of a body that is discarded, as if it had been read."""
    most = request.app[SERVICES].config.limits.upload_bytes_max
    size = most if request.content_length is None else min(request.content_length, most)
    charge(request, size // BYTES_PER_US)


def _payer(request: web.Request) -> Payer:
    services = request.app[SERVICES]
    runner = services.lobby.rooms.running.get(request.match_info.get("id", ""))
    if runner is not None and (who := member(request, runner)) is not None:
        allowance = services.allowances.of_session(runner.id, who, runner.room.file)
        return Payer(f"session {runner.id} {who}", allowance)
    address = auth.address(request, services.config.proxies)
    return Payer(address, services.allowances.of_address(address))
