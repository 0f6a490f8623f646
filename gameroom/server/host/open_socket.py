"""What a room needs of the socket of one of its people."""

from __future__ import annotations

from typing import Protocol

from gameroom.room.effects import Rejected
from gameroom.server.host.recent import EncodedEvent


class OpenSocket(Protocol):
    """What a runner needs of a socket that has said who it is."""

    @property
    def who(self) -> str:
        """The user id."""

    @property
    def delay_ms(self) -> int:
        """How late this socket is told what happens."""

    def push(self, told: EncodedEvent) -> None:
        """Send an event, where it is the next one for this socket, and due."""

    def reject(self, rejected: Rejected) -> None:
        """Tell this person alone."""

    def catch_up(self) -> None:
        """Send what it has missed, if anything."""

    def close(self, code: int, reason: str) -> None:
        """Send no more, and close. Does not call back."""
