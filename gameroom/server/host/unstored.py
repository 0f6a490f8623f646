"""What a room may tell only when its store has answered.

A local journal stores an entry before `append` returns; a store on another machine answers later.
Until then everything that the room tells waits here, in the order in which it was said. Entries are
answered in any order; what waits is told in its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gameroom.store import Pending, StoreFailedError


@dataclass(frozen=True, slots=True)
class _Told:
    """do: tells it. otherwise: is called instead if something before it could not be stored."""

    do: Callable[[], None]
    otherwise: Callable[[], None]


class Unstored:
    """The entries of one room that have no answer yet, and what waits for them."""

    def __init__(self, failed: Callable[[StoreFailedError], None]) -> None:
        """failed: called when an entry could not be stored. Nothing that waits is told then."""
        self._failed = failed
        self._waiting: deque[Pending | _Told] = deque()
        self._is_telling = False

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def wait(self, pending: Pending) -> None:
        """Everything from here on waits for this entry."""
        self._waiting.append(pending)
        pending.when_answered(self._answered)

    def then(self, do: Callable[[], None], otherwise: Callable[[], None] = lambda: None) -> None:
        """Do this when everything before it is stored: now, if it is."""
        if self._waiting:
            self._waiting.append(_Told(do, otherwise))
        else:
            do()

    def drop(self) -> None:
        """Nothing more is told."""
        dropped, self._waiting = self._waiting, deque()
        for one in dropped:
            if isinstance(one, _Told):
                one.otherwise()

    def _answered(self) -> None:
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._waiting:
                first = self._waiting[0]
                if isinstance(first, _Told):
                    self._waiting.popleft()
                    first.do()
                elif not first.is_answered:
                    return
                elif first.error is not None:
                    self._failed(first.error)
                    self.drop()
                else:
                    self._waiting.popleft()
        finally:
            self._is_telling = False
