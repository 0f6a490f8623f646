"""The ids of the commands that the server took from one seat: the last IDS_MAX of them.

Two pages can share one client's state (a duplicated tab, a restored session, a copied profile).
Then both send the commands that were waiting. The client chooses a random id when a player gives a
command, so the server recognizes the copies and takes the command once.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

IDS_MAX = 1024
"""How many commands of a seat are recognized. A copy of an older command is taken again."""

_BYTES = 8
_BATCH = 16
"""How many ids are written at a time."""


def _in_each(bits: int) -> int:
    """Repeat 64 bits once for each id of a batch."""
    return int.from_bytes(bits.to_bytes(_BYTES, "big") * _BATCH, "big")


_FIRSTS = _in_each(0x80 << 8 * (_BYTES - 1))
"""Only the first byte of an id has this bit. So a search matches only at the start of an id, and
no client can choose ids that make it slow."""

_LOW_28, _HIGH_28 = _in_each(0x0FFF_FFFF), _in_each(0xFF_FFFF_F000_0000)
_LOW_14, _HIGH_14 = _in_each(0x3FFF_0000_3FFF), _in_each(0x0FFF_C000_0FFF_C000)
_LOW_7, _HIGH_7 = _in_each(0x007F_007F_007F_007F), _in_each(0x3F80_3F80_3F80_3F80)
_PACK = struct.Struct(f">{_BATCH}Q").pack

_MARKS = 1 << 14
"""How many marks there are. All bits of an id are folded to 14 bits, which select its mark. Most
ids are new and have no mark yet, so most lookups need no search."""

_TEXT = re.compile(f"([89a-f][0-9a-f](?:[0-7][0-9a-f]){{{_BYTES - 1}}}){{0,{IDS_MAX}}}")


class Ids:
    """The last IDS_MAX ids, each from 1 to 2^53 - 1, oldest first.

    An id takes 8 bytes and the marks take 2 KB. Every seat of every room has one Ids.
    """

    def __init__(self, text: str = "") -> None:
        """text: a result of `text()`. Raises ValueError for anything else."""
        if _TEXT.fullmatch(text) is None:
            raise ValueError("the ids of commands cannot be read")
        self._bytes = bytearray.fromhex(text)
        self._latest: list[int] = []
        """Ids that are not in `_bytes` yet, fewer than _BATCH."""
        self._marks = bytearray()
        self._marked = 0
        """How many ids have been marked since `_mark_all` cleared the marks."""
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
        """Return the ids as text: 16 hexadecimal digits for each id, oldest first."""
        self._write()
        return self._bytes.hex()

    def _write(self) -> None:
        """Move the latest ids to `_bytes`. A whole batch is cheap: it is arithmetic on one long
        number."""
        self._bytes += _written(self._latest)
        del self._bytes[: -IDS_MAX * _BYTES]
        self._unmarked += len(self._latest)
        self._latest.clear()

    def _mark_rest(self) -> None:
        """Mark the ids that have no mark yet. This waits until the first search, because a room
        that is only stored never searches."""
        if self._marked + self._unmarked > 2 * IDS_MAX:
            self._mark_all()
        else:
            self._marked += self._unmarked
            self._mark(self._bytes[-self._unmarked * _BYTES :])
            self._unmarked = 0

    def _mark_all(self) -> None:
        """Clear the marks, and mark the remembered ids."""
        self._marks = bytearray(_MARKS // 8)
        self._marked, self._unmarked = len(self._bytes) // _BYTES, 0
        self._mark(self._bytes)

    def _mark(self, written: bytes | bytearray) -> None:
        marks = self._marks
        for high, low in zip(_folded(written, 0), _folded(written, 1), strict=True):
            mark = (high & 0x7F) << 7 | low
            marks[mark >> 3] |= 1 << (mark & 7)


def _folded(written: bytes | bytearray, at: int) -> bytes:
    """Combine every second byte of each id, from `at` on, into one byte: half of its mark."""
    found = 0
    for place in range(at, _BYTES, 2):
        found ^= int.from_bytes(written[place::_BYTES], "big")
    return found.to_bytes(len(written) // _BYTES, "big")


def _written(ids: Sequence[int]) -> bytes:
    """Write the low 56 bits of each id, seven bits to a byte. Three times, each group of bits is
    split in halves that move apart, in all ids at once."""
    padded = (*ids, *(0,) * (_BATCH - len(ids)))
    many = int.from_bytes(_PACK(*padded), "big")
    many = many & _LOW_28 | (many & _HIGH_28) << 4
    many = many & _LOW_14 | (many & _HIGH_14) << 2
    many = many & _LOW_7 | (many & _HIGH_7) << 1
    return (many | _FIRSTS).to_bytes(_BATCH * _BYTES, "big")[: len(ids) * _BYTES]
