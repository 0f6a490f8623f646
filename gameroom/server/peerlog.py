"""Logs the mistakes of peers: at most one line per kind and second, for all peers together.

The rule: a line never contains data from a peer. Headers contain tokens, so a quoted invalid
header could reveal one.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

EVERY_S = 1.0
"""The log has at most one line per kind in this time."""


@dataclass(slots=True)
class _Kind:
    """Repetitions since the last line of this kind: their number, and the address of the last."""

    more: int = 0
    address: str = ""


class PeerLog:
    """The lines of one server. Kinds are fixed texts in our code, so there are only a few."""

    def __init__(self, log: logging.Logger, loop: asyncio.AbstractEventLoop) -> None:
        self._log = log
        self._loop = loop
        self._kinds: dict[str, _Kind] = {}

    def note(self, kind: str, address: str) -> None:
        """Report a mistake. address: the address of the peer, empty if it is not about one peer."""
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
