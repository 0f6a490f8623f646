"""Verified snapshots: states on which more than half of the engines agree, for clients that come
later.

Knows no engine: a state is bytes and their SHA-256. After a turn whose generation is a multiple of
`policy snapshots every`, each player reports the hash of its state. If more than half of the
players for whom the turns wait report the same hash, the room asks one of them for the bytes, and
accepts only bytes with that hash. So one bad client cannot give a wrong state to new clients, and
the server verifies a game's state without running it.

Only the latest of these turns counts: a newer one replaces an unfinished one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from gameroom.lockstep.packets import Snapshot, Verified
from gameroom.lockstep.problem import Problem
from gameroom.model import RoomFile
from gameroom.model.policies import number
from gameroom.room.effects import Keep
from gameroom.room.inputs import SendState

STATE_BYTES_MAX = 4 * 1024 * 1024
"""The size limit of a state. A game with a larger state has no snapshots."""

SEND_MS = 15_000
"""How long a player has to send the bytes before the room asks the next one."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class _Point:
    """One turn whose state is needed.

    snapshot: complete except for the state. at: the room's time of the turn in milliseconds.
    said: by seat, in the order of arrival, the hash and the size.
    asked: the seats that were asked for the bytes, in order. until: how long the last one has time.
    news: whether `said` has changed since the last check. done: whether nothing is left to do.
    """

    snapshot: Snapshot
    at: int
    said: dict[int, tuple[str, int]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    until: int = 0
    news: bool = False
    done: bool = False


class Snapshots:
    """The snapshots of one room. every: how many turns apart they are; 0 for none."""

    def __init__(self, file: RoomFile) -> None:
        self.every = number(file, "snapshots", "every")
        self._point: _Point | None = None

    def is_due(self, generation: int) -> bool:
        """Whether the state after this turn is needed."""
        return self.every > 0 and generation % self.every == 0

    def begin(self, snapshot: Snapshot, at: int) -> None:
        """Collect reports for a turn that was closed. snapshot: complete except for the state's
        hash and size. at: the room's time in milliseconds."""
        self._point = _Point(snapshot, at)

    def said(self, seat: int, generation: int, sha256: str, size: int) -> Problem | None:
        """Record the hash and the size of a player's state. Only the first report of a player
        counts. Returns why it is refused, or None."""
        if _SHA256.fullmatch(sha256) is None or size < 1:
            return Problem(
                422,
                "bad_body",
                "A hash has 64 characters, each 0-9 or a-f. A size is 1 or greater.",
            )
        if size > STATE_BYTES_MAX:
            return Problem(
                413, "too_big", f"The state is too large. The limit is {STATE_BYTES_MAX} bytes."
            )
        point = self._at(generation)
        if point is None:
            return _PASSED
        point.said.setdefault(seat, (sha256, size))
        point.news = True
        return None

    def is_pending(self, now: int) -> bool:
        """Whether `next` can have a result."""
        point = self._point
        if point is None or point.done:
            return False
        return now >= point.until if point.asked else point.news

    def next(self, expected: Collection[int], here: Collection[int], now: int) -> Verified | None:
        """Return whom to ask for the bytes now: after a new verdict, or the next player who agrees
        with it. None if there is nobody to ask.

        expected: the seats that the turns wait for; only their reports count. here: the connected
        seats, in the order in which to ask them.
        """
        point = self._point
        if point is None or not self.is_pending(now):
            return None
        point.news = False
        counted = {seat: said for seat, said in point.said.items() if seat in expected}
        agreed = _majority(counted.values(), len(expected))
        able = [one for one in here if one not in point.asked and counted.get(one) == agreed]
        if agreed is None or not able:
            # All who were asked failed, and there is nobody left to ask or no majority any more.
            # Stop here. Otherwise the room would wake up for it again and again.
            point.done = bool(point.asked)
            return None
        seat, (sha256, size) = able[0], agreed
        point.asked.append(seat)
        point.until = now + SEND_MS
        point.snapshot = replace(point.snapshot, sha256=sha256, size=size)
        return Verified(point.snapshot.generation, point.snapshot.seq, sha256, size, seat)

    def unasked(self, seat: int, generation: int) -> Problem | None:
        """Return why this seat was not asked for its state of this turn; None if it was."""
        point = self._at(generation)
        if point is None:
            return _PASSED
        if point.asked[-1:] != [seat] or point.done:
            return Problem(409, "not_asked", "The room did not ask you for this state.")
        return None

    def sent(self, seat: int, sent: SendState) -> Keep | Problem:
        """Accept the bytes of the seat that was asked last. Returns the effect that stores them, or
        why they are refused."""
        if (why := self.unasked(seat, sent.generation)) is not None:
            return why
        point = self._point
        assert point is not None, "a player was asked"
        if sent.sha256 != point.snapshot.sha256:
            point.until = 0
            return Problem(
                422, "another_state", "This is not the state that the players agreed on."
            )
        point.done = True
        return Keep(point.snapshot, point.at, sent.state)

    def forget(self, seat: int) -> None:
        """Forget the report of a seat that was vacated."""
        if self._point is not None:
            self._point.said.pop(seat, None)
            self._point.news = True
            if self._point.asked[-1:] == [seat]:
                self._point.until = 0

    def deadline(self) -> int | None:
        """Return when the next player has to be asked, in milliseconds; None for never."""
        point = self._point
        return point.until if point is not None and point.asked and not point.done else None

    def _at(self, generation: int) -> _Point | None:
        point = self._point
        return point if point is not None and point.snapshot.generation == generation else None


def _majority(said: Collection[tuple[str, int]], expected: int) -> tuple[str, int] | None:
    """Return the report of more than half of `expected` players; None if there is none."""
    found = Counter(said).most_common(1)
    return found[0][0] if found and 2 * found[0][1] > expected else None


_PASSED = Problem(409, "not_wanted", "The state after this turn is not needed.")
