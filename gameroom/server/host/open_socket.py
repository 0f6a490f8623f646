"""The interface between a room's runner and the sockets of its members."""

from __future__ import annotations

from typing import Protocol

from gameroom.room.effects import Rejected
from gameroom.server.host.recent import EncodedEvent


class OpenSocket(Protocol):
    """A socket whose hello was accepted, as its runner uses it."""

    @property
    def who(self) -> str:
        """The user id."""

    @property
    def delay_ms(self) -> int:
        """The delay of events for this socket."""

    def push(self, told: EncodedEvent) -> None:
        """Send an event if it is the next one for this socket, and due."""

    def reject(self, rejected: Rejected) -> None:
        """Send a rejection to this person only."""

    def catch_up(self) -> None:
        """Send the events that this socket has missed."""

    def close(self, code: int, reason: str) -> None:
        """Close the socket and send nothing more. Does not call the runner."""
