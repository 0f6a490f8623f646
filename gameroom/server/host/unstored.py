"""Delays the effects of a room until its store has confirmed the entries before them.

A local journal stores an entry before `append` returns; a store on another machine confirms it
later. Until then all further effects of the room wait here, in their order. The store can confirm
entries in any order; the effects still run in the original order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gameroom.store import Pending, StoreFailedError


@dataclass(frozen=True, slots=True)
class _Told:
    """do: performs the effect. otherwise: called instead if an earlier entry was not stored."""

    do: Callable[[], None]
    otherwise: Callable[[], None]


class Unstored:
    """The unconfirmed entries of one room, and the effects that wait for them."""

    def __init__(self, failed: Callable[[StoreFailedError], None]) -> None:
        """failed: called when an entry could not be stored. Then no waiting effect is performed."""
        self._failed = failed
        self._waiting: deque[Pending | _Told] = deque()
        self._is_telling = False

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def wait(self, pending: Pending) -> None:
        """Make all later effects wait for this entry."""
        self._waiting.append(pending)
        pending.when_answered(self._answered)

    def then(self, do: Callable[[], None], otherwise: Callable[[], None] = lambda: None) -> None:
        """Call `do` when all earlier entries are stored, immediately if they already are."""
        if self._waiting:
            self._waiting.append(_Told(do, otherwise))
        else:
            do()

    def drop(self) -> None:
        """Discard all waiting effects."""
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
