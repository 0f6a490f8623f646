"""What peers do wrong, for the log: a line per kind and second, whoever does it how often.

Rule: nothing that a peer sent is in such a line. Tokens come in headers, and a header that
cannot be read is where one would be quoted.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

EVERY_S = 1.0
"""A kind has one line in this time."""


@dataclass(slots=True)
class _Kind:
    """How often it came again, and from where, since its last line."""

    more: int = 0
    address: str = ""


class PeerLog:
    """The lines of one server. Kinds are fixed texts of ours, so there are few."""

    def __init__(self, log: logging.Logger, loop: asyncio.AbstractEventLoop) -> None:
        self._log = log
        self._loop = loop
        self._kinds: dict[str, _Kind] = {}

    def note(self, kind: str, address: str) -> None:
        """It happened. address: of the peer, empty where it is not about one."""
        known = self._kinds.get(kind)
        if known is not None:
            known.more += 1
            known.address = address
            return
        self._kinds[kind] = _Kind()
        self._say(kind, address)

    def _say(self, kind: str, address: str, more: str = "") -> None:
        self._log.warning("%s%s%s", kind, f" ({address})" if address else "", more)
        self._loop.call_later(EVERY_S, self._again, kind)

    def _again(self, kind: str) -> None:
        known = self._kinds[kind]
        if not known.more:
            del self._kinds[kind]
            return
        self._kinds[kind] = _Kind()
        self._say(kind, known.address, f": {known.more} more in the last second")
