"""Who may be connected: a time limit for each step up to the hello, and a limit for all.

Knows connections by their transports, and nothing of rooms. Four rules: a connection that
does not get on with its request is cut off; of those that have not said hello, an address
holds only so many; when there are too many the silent ones give way, and never somebody
who has said hello; whoever shows a known session is counted apart from newcomers, so that
no crowd of strangers keeps a player from coming back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gameroom.server.auth import network
from gameroom.server.config import Limits
from gameroom.server.peerlog import PeerLog
from gameroom.server.silent import Silent


@dataclass(slots=True, eq=False)
class _Peer:
    """One connection, while it is open."""

    transport: asyncio.BaseTransport
    give_way: Callable[[], None]
    deadline: asyncio.TimerHandle | None = None
    """Until its first request."""
    waits: bool = False
    """Whether it is a socket."""

    def patient(self) -> None:
        """It has done what it had to do in time."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None


FILES = 64
"""Descriptors of the process's own: libraries, the session store, the log."""

NEXT = 8
"""Connections that may come in whatever is open."""


class Admission:
    """All connections of a server."""

    def __init__(
        self,
        limits: Limits,
        proxies: Sequence[str],
        log: PeerLog,
        *,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._allowed = self._connections_max = limits.connections_max
        self._limits = limits
        self._proxies = proxies
        self._log = log
        self._loop = loop
        self._peers: dict[asyncio.BaseTransport, _Peer] = {}
        self._newcomers: Silent[_Peer] = Silent(
            limits.silent_connections_max, limits.silent_per_address_max
        )
        self._returning: Silent[_Peer] = Silent(
            limits.silent_returning_max, limits.silent_per_session_max
        )

    def __len__(self) -> int:
        return len(self._peers)

    @property
    def silent(self) -> int:
        """Connections that have not said hello."""
        return len(self._newcomers) + len(self._returning)

    @property
    def full(self) -> bool:
        """Whether what is left is kept for players who come back."""
        reserved = min(self._limits.connections_reserved, self._connections_max // 2)
        return self._spoken >= self._connections_max - reserved

    @property
    def _spoken(self) -> int:
        return len(self._peers) - self.silent

    def within(self, descriptors: int) -> None:
        """Keep to so many descriptors: a file per room and FILES are not for connections, but
        at least half are."""
        room = max(descriptors - self._limits.rooms_max - FILES, descriptors // 2)
        self._allowed = self._connections_max = min(self._limits.connections_max, room)

    def squeeze(self) -> None:
        """There are no descriptors for more: silent connections give way until there are some
        for files again."""
        now = len(self._peers)
        self._connections_max = max(min(now - FILES, self._allowed), now // 2, self._spoken + NEXT)
        self._make_way()

    def relax(self) -> None:
        """There are descriptors again."""
        self._connections_max = self._allowed

    def accepted(self, transport: asyncio.Transport) -> None:
        """A TCP connection; the headers of its first request are to come in time."""
        name = transport.get_extra_info("peername")
        address = str(name[0]) if name else ""
        peer = _Peer(transport, transport.abort)
        self._peers[transport] = peer
        peer.deadline = self._loop.call_later(
            self._limits.request_timeout_ms / 1000, self._late, peer, address
        )
        # Whom a proxy speaks for, its headers will say; until then each is reckoned alone.
        key = f"proxied {id(peer)}" if address in self._proxies else network(address)
        self._yield(self._newcomers.put(peer, key))
        self._make_way()

    def heard(self, transport: asyncio.BaseTransport, address: str) -> None:
        """The headers of a request, and whom it is reckoned to."""
        peer = self._peers.get(transport)
        if peer is None:
            return
        peer.patient()
        if peer in self._newcomers:
            self._yield(self._newcomers.put(peer, network(address)))

    def waits(
        self,
        transport: asyncio.BaseTransport,
        address: str,
        session: str | None,
        give_way: Callable[[], None],
    ) -> None:
        """A socket, whose hello is to come. session: a name for the known session that its
        handshake showed, None for a newcomer. give_way: ends the socket."""
        # A transport that was never accepted here belongs to somebody else's server.
        peer = self._peers.setdefault(transport, _Peer(transport, give_way))
        peer.give_way, peer.waits = give_way, True
        if session is None:
            self._yield(self._newcomers.put(peer, network(address)))
        else:
            self._newcomers.drop(peer)
            self._yield(self._returning.put(peer, session))

    def spoke(self, transport: asyncio.BaseTransport) -> None:
        """It has said hello."""
        peer = self._peers.get(transport)
        if peer is not None:
            self._newcomers.drop(peer)
            self._returning.drop(peer)

    def lost(self, transport: asyncio.BaseTransport) -> None:
        """The connection is gone."""
        peer = self._peers.pop(transport, None)
        if peer is not None:
            peer.patient()
            self._newcomers.drop(peer)
            self._returning.drop(peer)

    def _make_way(self) -> None:
        while len(self._peers) > self._connections_max:
            peer = self._newcomers.pop() or self._returning.pop()
            if peer is None:
                return
            self._yield(peer)

    def _yield(self, peer: _Peer | None) -> None:
        if peer is not None:
            # Connections that are merely kept alive may go without a word.
            if peer.waits or peer.deadline is not None:
                self._log.note("connections: silent ones were closed to make room for others", "")
            self.lost(peer.transport)
            peer.give_way()

    def _late(self, peer: _Peer, address: str) -> None:
        self._log.note("connections: no request arrived in time", address)
        peer.give_way()
