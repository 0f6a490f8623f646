"""The ids of the commands that were taken from one seat: the last IDS_MAX of them.

Two pages may believe that they are one (a duplicated tab, a restored session, a copied
profile), and each sends what both of them had waiting. The id that a client drew when the
command was given tells that it is the same one; the rule kept here is that it is taken once.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

IDS_MAX = 1024
"""So many commands of a seat are known again. Later copies of older ones are taken anew."""

_BYTES = 8
_BATCH = 16
"""How many ids are written at a time."""


def _in_each(bits: int) -> int:
    """These 64 bits, once for each id of a batch."""
    return int.from_bytes(bits.to_bytes(_BYTES, "big") * _BATCH, "big")


_FIRSTS = _in_each(0x80 << 8 * (_BYTES - 1))
"""Only the first byte of an id has this bit, so an id is found only where one begins, and nobody
can choose ids that make the search slow."""

_LOW_28, _HIGH_28 = _in_each(0x0FFF_FFFF), _in_each(0xFF_FFFF_F000_0000)
_LOW_14, _HIGH_14 = _in_each(0x3FFF_0000_3FFF), _in_each(0x0FFF_C000_0FFF_C000)
_LOW_7, _HIGH_7 = _in_each(0x007F_007F_007F_007F), _in_each(0x3F80_3F80_3F80_3F80)
_PACK = struct.Struct(f">{_BATCH}Q").pack

_MARKS = 1 << 14
"""A mark for each value of 14 bits that all bits of an id decide. Most ids are new, and there is no
mark yet for them."""

_TEXT = re.compile(f"([89a-f][0-9a-f](?:[0-7][0-9a-f]){{{_BYTES - 1}}}){{0,{IDS_MAX}}}")


class Ids:
    """Ids from 1 to 2^53 - 1, the oldest first. They take eight bytes each and the marks two
    kilobytes: there is one such memory for every seat of every room."""

    def __init__(self, text: str = "") -> None:
        """text: the result of `text`. Raises ValueError for anything else."""
        if _TEXT.fullmatch(text) is None:
            raise ValueError("the ids of commands cannot be read")
        self._bytes = bytearray.fromhex(text)
        self._latest: list[int] = []
        """Ids that are not in `_bytes` yet, fewer than _BATCH."""
        self._marks = bytearray()
        self._marked = 0
        """How many ids have been marked since all marks were set."""
        self._unmarked = 0
        """How many of the last ids in `_bytes` have no mark yet."""
        self._mark_all()

    def __len__(self) -> int:
        return min(IDS_MAX, len(self._bytes) // _BYTES + len(self._latest))

    def __contains__(self, one: int) -> bool:
        if one in self._latest:
            return True
        if self._unmarked:
            self._mark_rest()
        mark = (one ^ one >> 14 ^ one >> 28 ^ one >> 42) & _MARKS - 1
        if not self._marks[mark >> 3] >> (mark & 7) & 1:
            return False
        forgotten = len(self._bytes) + _BYTES * (len(self._latest) - IDS_MAX)
        return self._bytes.find(_written((one,)), max(0, forgotten)) >= 0

    def add(self, one: int) -> None:
        """Remember one more id, and forget the oldest if there are more than IDS_MAX."""
        self._latest.append(one)
        if len(self._latest) == _BATCH:
            self._write()

    def text(self) -> str:
        """The same as text: sixteen hexadecimal digits for each id, the oldest first."""
        self._write()
        return self._bytes.hex()

    def _write(self) -> None:
        """Move the latest ids to the bytes, all in one go: most of it is arithmetic on one long
        number."""
        self._bytes += _written(self._latest)
        del self._bytes[: -IDS_MAX * _BYTES]
        self._unmarked += len(self._latest)
        self._latest.clear()

    def _mark_rest(self) -> None:
        """Marks are only needed for a search, and a room that is only stored has none."""
        if self._marked + self._unmarked > 2 * IDS_MAX:
            self._mark_all()
        else:
            self._marked += self._unmarked
            self._mark(self._bytes[-self._unmarked * _BYTES :])
            self._unmarked = 0

    def _mark_all(self) -> None:
        """Mark all ids that are remembered, and remove the marks of those that are not."""
        self._marks = bytearray(_MARKS // 8)
        self._marked, self._unmarked = len(self._bytes) // _BYTES, 0
        self._mark(self._bytes)

    def _mark(self, written: bytes | bytearray) -> None:
        marks = self._marks
        for high, low in zip(_folded(written, 0), _folded(written, 1), strict=True):
            mark = (high & 0x7F) << 7 | low
            marks[mark >> 3] |= 1 << (mark & 7)


def _folded(written: bytes | bytearray, at: int) -> bytes:
    """Every second byte of each id, from `at` on, combined in one byte: half of its mark."""
    found = 0
    for place in range(at, _BYTES, 2):
        found ^= int.from_bytes(written[place::_BYTES], "big")
    return found.to_bytes(len(written) // _BYTES, "big")


def _written(ids: Sequence[int]) -> bytes:
    """The 56 bits of each id, seven in each byte: halves are moved apart three times, in all ids at
    once."""
    padded = (*ids, *(0,) * (_BATCH - len(ids)))
    many = int.from_bytes(_PACK(*padded), "big")
    many = many & _LOW_28 | (many & _HIGH_28) << 4
    many = many & _LOW_14 | (many & _HIGH_14) << 2
    many = many & _LOW_7 | (many & _HIGH_7) << 1
    return (many | _FIRSTS).to_bytes(_BATCH * _BYTES, "big")[: len(ids) * _BYTES]
