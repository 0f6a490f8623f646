"""Recognizes repeated join requests by their idempotency key.

Knows the digests of keys and the answers to joins, but no HTTP and no room. The rules: an attempt
takes one place, even if it is repeated before the first request is answered; a refused attempt can
be repeated; attempts are limited in number and age, and exist only in this process.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec

from gameroom.server import bodies
from gameroom.server.auth import digest
from gameroom.server.config import Limits
from gameroom.server.refusals import refuse

Key = tuple[str, bytes]
"""The id of a room and the digest of a key."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """until: when the attempt expires, in seconds of the loop's clock."""

    wish: bodies.JoinBody
    taking: asyncio.Task[bodies.PlaceBody]
    until: float


class Attempts:
    """The attempts in all rooms. Beyond `join_attempts_max`, the oldest are removed."""

    def __init__(self, limits: Limits, *, loop: asyncio.AbstractEventLoop) -> None:
        self._max = limits.join_attempts_max
        self._kept_s = limits.join_attempts_kept_ms / 1000
        self._loop = loop
        self._attempts: OrderedDict[Key, _Attempt] = OrderedDict()

    def find(self, room: str, wish: bodies.JoinBody) -> asyncio.Task[bodies.PlaceBody] | None:
        """The earlier join, finished or not, that this request repeats. None for a new request or
        one without a key. Raises ProblemError if the request differs from the earlier one."""
        if wish.idempotency_key is None:
            return None
        self._forget()
        found = self._attempts.get((room, digest(wish.idempotency_key)))
        if found is None:
            return None
        if found.wish != _plain(wish):
            raise refuse(
                409,
                "key_reused",
                "This idempotency key was already used for a different join request.",
            )
        return found.taking

    def begin(
        self, room: str, wish: bodies.JoinBody, take: Coroutine[Any, Any, bodies.PlaceBody]
    ) -> asyncio.Task[bodies.PlaceBody]:
        """Start `take` as a task, which continues even if no caller waits for it any more."""
        assert wish.idempotency_key is not None, "without one nothing is repeated"
        key = room, digest(wish.idempotency_key)
        taking = self._loop.create_task(take)
        made = _Attempt(_plain(wish), taking, self._loop.time() + self._kept_s)
        self._attempts[key] = made

        def done(_: object) -> None:
            failed = taking.cancelled() or taking.exception() is not None
            if failed and self._attempts.get(key) is made:
                del self._attempts[key]

        taking.add_done_callback(done)
        self._forget()
        return taking

    async def close(self) -> None:
        """Cancel all unfinished joins."""
        waiting = [one.taking for one in self._attempts.values() if not one.taking.done()]
        for taking in waiting:
            taking.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def _forget(self) -> None:
        """Remove expired attempts and those beyond the limit. Unfinished joins are never removed;
        their number is limited by the number of connections."""
        now, over = self._loop.time(), len(self._attempts) - self._max
        gone: list[Key] = []
        for key, one in self._attempts.items():
            if len(gone) >= over and one.until > now:
                break
            if one.taking.done():
                gone.append(key)
        for key in gone:
            del self._attempts[key]


def _plain(wish: bodies.JoinBody) -> bodies.JoinBody:
    return msgspec.structs.replace(wish, idempotency_key=None)
