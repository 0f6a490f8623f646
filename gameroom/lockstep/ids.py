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
        wanted = one.to_bytes(_BYTES, "big")
        at = self._bytes.find(wanted)
        while at >= 0 and at % _BYTES:
            at = self._bytes.find(wanted, at + 1)
        return at >= 0

    def add(self, one: int) -> None:
        """Remember one more, and forget the oldest where there are too many."""
        self._bytes += one.to_bytes(_BYTES, "big")
        del self._bytes[: -IDS_MAX * _BYTES]

    def listed(self) -> tuple[int, ...]:
        """The oldest first."""
        return tuple(
            int.from_bytes(self._bytes[at : at + _BYTES], "big")
            for at in range(0, len(self._bytes), _BYTES)
        )
