"""The ids of the commands that were taken from one seat: the last IDS_MAX of them.

Two pages may believe that they are one (a duplicated tab, a restored session, a copied
profile), and each sends what both of them had waiting. The id that a client drew when the
command was given tells that it is the same one; the rule kept here is that it is taken once.
"""

from __future__ import annotations

import re

IDS_MAX = 1024
"""So many commands of a seat are known again. Later copies of older ones are taken anew."""

_BYTES = 8
_FIRST = 0x80 << 8 * (_BYTES - 1)
"""Only the first byte of an id has this bit, so an id is found where one begins and nowhere else:
nobody can choose ids that make the search slow."""

_MARKS = 1 << 14
"""A mark for each value of 14 bits that all bits of an id decide. Most ids are new, and there is no
mark yet for them."""

_TEXT = re.compile(f"([89a-f][0-9a-f](?:[0-7][0-9a-f]){{{_BYTES - 1}}}){{0,{IDS_MAX}}}")


class Ids:
    """Ids from 1 to 2^53 - 1, the oldest first. They take eight bytes each and the marks two
    kilobytes: there is one such memory for every seat of every room."""

    def __init__(self, text: str = "") -> None:
        """text: what `text` has written. Raises ValueError for anything else."""
        if _TEXT.fullmatch(text) is None:
            raise ValueError("the ids of commands cannot be read")
        self._bytes = bytearray.fromhex(text)
        self._marks = bytearray()
        self._marked = 0
        self._mark_all()

    def __len__(self) -> int:
        return len(self._bytes) // _BYTES

    def __contains__(self, one: int) -> bool:
        mark = _mark(one)
        return self._marks[mark >> 3] >> (mark & 7) & 1 == 1 and _written(one) in self._bytes

    def add(self, one: int) -> None:
        """Remember one more, and forget the oldest where there are too many."""
        self._bytes += _written(one)
        del self._bytes[: -IDS_MAX * _BYTES]
        mark = _mark(one)
        self._marks[mark >> 3] |= 1 << (mark & 7)
        self._marked += 1
        if self._marked == 2 * IDS_MAX:
            self._mark_all()

    def text(self) -> str:
        """The same as text: sixteen hexadecimal digits for each id, the oldest first."""
        return self._bytes.hex()

    def _mark_all(self) -> None:
        """Mark the ids that are known. The marks of those that are not known any more go."""
        self._marks = bytearray(_MARKS // 8)
        self._marked = len(self)
        for high, low in zip(self._folded(0), self._folded(1), strict=True):
            mark = (high & 0x7F) << 7 | low
            self._marks[mark >> 3] |= 1 << (mark & 7)

    def _folded(self, at: int) -> bytes:
        """Every second byte of each id, from `at` on, in one byte: half of its mark."""
        found = 0
        for place in range(at, _BYTES, 2):
            found ^= int.from_bytes(self._bytes[place::_BYTES], "big")
        return found.to_bytes(len(self), "big")


def _mark(one: int) -> int:
    return (one ^ one >> 14 ^ one >> 28 ^ one >> 42) & _MARKS - 1


def _written(one: int) -> bytes:
    """Its 56 bits, seven in each byte: halves are moved apart three times."""
    one = one & 0x0FFF_FFFF | (one & 0xFF_FFFF_F000_0000) << 4
    one = one & 0x3FFF_0000_3FFF | (one & 0x0FFF_C000_0FFF_C000) << 2
    one = one & 0x007F_007F_007F_007F | (one & 0x3F80_3F80_3F80_3F80) << 1
    return (one | _FIRST).to_bytes(_BYTES, "big")
