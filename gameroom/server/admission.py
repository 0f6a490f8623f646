"""Limits the connections: a time limit for each step up to the hello, and a total limit.

Knows connections by their transports, and no rooms. Four rules:
- A connection that does not proceed with its request in time is closed.
- An address can have only a limited number of silent connections, i.e. without a hello.
- At the total limit silent connections are closed, but never a connection that has sent its hello.
- Connections with a known session are counted apart from newcomers, so that a crowd of newcomers
  cannot keep a player from coming back.
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
    """One open connection. give_way: closes it."""

    transport: asyncio.BaseTransport
    give_way: Callable[[], None]
    deadline: asyncio.TimerHandle | None = None
    """The time limit for the first request, None when it has arrived."""
    waits: bool = False
    """Whether it is a WebSocket whose hello is expected."""

    def patient(self) -> None:
        """Cancel the deadline: the peer has met it."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None


FILES = 64
"""Descriptors that the process itself needs: libraries, the session store, the log."""

NEXT = 8
"""How many further connections are always allowed."""


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
        """The number of connections without a hello."""
        return len(self._newcomers) + len(self._returning)

    @property
    def full(self) -> bool:
        """Whether only the connections reserved for returning players are left."""
        reserved = min(self._limits.connections_reserved, self._connections_max // 2)
        return self._spoken >= self._connections_max - reserved

    @property
    def _spoken(self) -> int:
        return len(self._peers) - self.silent

    def within(self, descriptors: int) -> None:
        """Limit the connections to the available descriptors. One file per room and FILES are
        reserved, but connections get at least half of the descriptors."""
        room = max(descriptors - self._limits.rooms_max - FILES, descriptors // 2)
        self._allowed = self._connections_max = min(self._limits.connections_max, room)

    def squeeze(self) -> None:
        """Call this when the process is out of descriptors. Closes silent connections until there
        are descriptors for files again."""
        now = len(self._peers)
        self._connections_max = max(min(now - FILES, self._allowed), now // 2, self._spoken + NEXT)
        self._make_way()

    def relax(self) -> None:
        """Undo `squeeze`: there are enough descriptors again."""
        self._connections_max = self._allowed

    def accepted(self, transport: asyncio.Transport) -> None:
        """Add a TCP connection and start the time limit for the headers of its first request."""
        name = transport.get_extra_info("peername")
        address = str(name[0]) if name else ""
        peer = _Peer(transport, transport.abort)
        self._peers[transport] = peer
        peer.deadline = self._loop.call_later(
            self._limits.request_timeout_ms / 1000, self._late, peer, address
        )
        # A proxy names the client in the headers. Until then each connection counts separately.
        key = f"proxied {id(peer)}" if address in self._proxies else network(address)
        self._yield(self._newcomers.put(peer, key))
        self._make_way()

    def heard(self, transport: asyncio.BaseTransport, address: str) -> None:
        """The headers of a request have arrived. address: the address that it counts for."""
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
        """A WebSocket is open and its hello is expected. session: a name for the known session in
        its handshake, None for a newcomer. give_way: closes the socket."""
        # An unknown transport was accepted by a different server, e.g. that of a test.
        peer = self._peers.setdefault(transport, _Peer(transport, give_way))
        peer.give_way, peer.waits = give_way, True
        if session is None:
            self._yield(self._newcomers.put(peer, network(address)))
        else:
            self._newcomers.drop(peer)
            self._yield(self._returning.put(peer, session))

    def spoke(self, transport: asyncio.BaseTransport) -> None:
        """The hello of this connection was accepted."""
        peer = self._peers.get(transport)
        if peer is not None:
            self._newcomers.drop(peer)
            self._returning.drop(peer)

    def lost(self, transport: asyncio.BaseTransport) -> None:
        """Remove a closed connection."""
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
            # Idle keep-alive connections are closed without a log line.
            if peer.waits or peer.deadline is not None:
                self._log.note("connections: silent ones were closed to make room for others", "")
            self.lost(peer.transport)
            peer.give_way()

    def _late(self, peer: _Peer, address: str) -> None:
        self._log.note("connections: no request arrived in time", address)
        peer.give_way()
