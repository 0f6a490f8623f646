"""The ids of the commands that were taken from one seat: the last IDS_MAX of them.

Two pages may believe that they are one (a duplicated tab, a restored session, a copied
profile), and each sends what both of them had waiting. The id that a client drew when the
command was given tells that it is the same one; the rule kept here is that it is taken once.
"""

from __future__ import annotations

from collections.abc import Iterable

IDS_MAX = 1024
"""So many commands of a seat are known again. Later copies of older ones are taken anew."""

_BYTES = 8
_BITS = 7
_FIRST = 0x80
"""Only the first byte of an id has this bit, so its bytes are found where it begins and nowhere
else: the time to look cannot be driven up by ids that were chosen for it."""


class Ids:
    """Ids from 1 to 2^53 - 1, the oldest first. They take eight bytes each: there is one such
    memory for every seat of every room."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._bytes = bytearray()
        for one in ids:
            self.add(one)

    def __len__(self) -> int:
        return len(self._bytes) // _BYTES

    def __contains__(self, one: int) -> bool:
        return _written(one) in self._bytes

    def add(self, one: int) -> None:
        """Remember one more, and forget the oldest where there are too many."""
        self._bytes += _written(one)
        del self._bytes[: -IDS_MAX * _BYTES]

    def listed(self) -> tuple[int, ...]:
        """The oldest first."""
        return tuple(
            _read(self._bytes[at : at + _BYTES]) for at in range(0, len(self._bytes), _BYTES)
        )


def _written(one: int) -> bytes:
    high_first = range(_BITS * (_BYTES - 1), -1, -_BITS)
    first, *others = ((one >> shift) & (_FIRST - 1) for shift in high_first)
    return bytes((first | _FIRST, *others))


def _read(data: bytearray) -> int:
    one = 0
    for byte in data:
        one = one << _BITS | byte & (_FIRST - 1)
    return one
