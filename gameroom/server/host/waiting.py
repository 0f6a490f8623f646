"""The client packets of a room that are not part of a stored turn yet.

If the room is rebuilt after an internal error, it receives them again.
"""

from __future__ import annotations

from gameroom.lockstep.packets import ClientPacket


class WaitingPackets:
    """The packets of one room, one per user and generation."""

    def __init__(self) -> None:
        self._turns: dict[int, dict[str, ClientPacket]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._turns.values()))

    def add(self, who: str, packet: ClientPacket) -> None:
        """Add a packet that the room has accepted."""
        turn = self._turns.get(packet.generation)
        if turn is None:
            turn = self._turns[packet.generation] = {}
        turn[who] = packet

    def stored(self, generation: int) -> None:
        """Remove the packets up to this generation: its turn is stored."""
        for closed in [one for one in self._turns if one <= generation]:
            del self._turns[closed]

    def forget(self, who: str) -> None:
        """Remove the packets of a user who has left the room."""
        for turn in self._turns.values():
            turn.pop(who, None)

    def by_user(self) -> dict[str, dict[int, ClientPacket]]:
        """The packets of each user by generation, in ascending order."""
        found: dict[str, dict[int, ClientPacket]] = {}
        for generation, turn in sorted(self._turns.items()):
            for user, packet in turn.items():
                found.setdefault(user, {})[generation] = packet
        return found
