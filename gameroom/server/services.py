"""The parts of the server that requests and sockets share. The application creates them once.

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
    """The shared parts of one server.

    peers: the log of peers' mistakes. creates, joins: how often an address can create and join
    rooms. fast: frames are dispatched while they are parsed. documents: the descriptions of HTTP
    and of the socket, by file name. pictures: pictures of charts drawn so far, by room."""

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
        """The time of the loop's clock in milliseconds, as all allowances use it."""
        return int(self.loop.time() * 1000)


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
