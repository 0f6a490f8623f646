"""What requests and sockets need of the server: made once by the application, and handed on.

Decides nothing. Handlers find it in the application under `SERVICES`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from gameroom.server.admission import Admission
from gameroom.server.allowances import Allowances
from gameroom.server.config import Config
from gameroom.server.host.lobby import Lobby
from gameroom.server.host.rounds import Rounds
from gameroom.server.peerlog import PeerLog
from gameroom.server.rates import Rates


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Services:
    """peers: the log of what peers do wrong. creates, joins: how often an address may make and join
    rooms. fast: messages are dispatched when they are parsed. documents: the descriptions of HTTP
    and of the socket, by file name. pictures: of charts that were drawn by now, by room."""

    config: Config
    lobby: Lobby
    peers: PeerLog
    admission: Admission
    rounds: Rounds
    allowances: Allowances
    creates: Rates
    joins: Rates
    loop: asyncio.AbstractEventLoop
    fast: bool
    documents: Mapping[str, msgspec.Raw]
    pictures: dict[str, str] = field(default_factory=dict)

    def now(self) -> int:
        """Milliseconds of the loop's clock: the time of all allowances."""
        return int(self.loop.time() * 1000)


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
