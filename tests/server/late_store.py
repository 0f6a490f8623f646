"""A store on another machine: it answers later, in any order, and sometimes with an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gameroom.store import (
    Entry,
    Header,
    Journal,
    Mark,
    Pending,
    StoredCheckpoint,
    StoreFailedError,
    Torn,
)


class LateJournal:
    """A journal whose answers a test gives. An entry is in it once it and all before it have been
    answered well; after an error it takes nothing more.

    sent: called with each entry that is on its way.
    """

    def __init__(self, journal: Journal, sent: Callable[[int], None] = lambda seq: None) -> None:
        self._journal = journal
        self._sent = sent
        self.last = journal.last
        self.waiting: dict[int, tuple[Entry, Pending]] = {}
        self._answered: set[int] = set()
        self._failed = False

    @property
    def header(self) -> Header:
        return self._journal.header

    @property
    def torn(self) -> Torn | None:
        return self._journal.torn

    @property
    def checkpoint(self) -> StoredCheckpoint | None:
        return self._journal.checkpoint

    def append(self, entry: Entry) -> Pending:
        assert entry.seq == self.last + 1, "a journal has no gaps"
        if self._failed:
            raise StoreFailedError("the store is gone")
        self.last = entry.seq
        pending = Pending()
        self.waiting[entry.seq] = entry, pending
        self._sent(entry.seq)
        return pending

    def answer(self, seq: int) -> None:
        """This entry has arrived, perhaps before others."""
        self._answered.add(seq)
        for stored, (entry, _) in sorted(self.waiting.items()):
            if stored not in self._answered:
                break
            if entry.seq == self._journal.last + 1:
                self._journal.append(entry)
        self.waiting[seq][1].answer()
        if seq <= self._journal.last:
            for done in [one for one in self.waiting if one <= self._journal.last]:
                if self.waiting[done][1].is_answered:
                    del self.waiting[done]

    def fail(self, seq: int) -> None:
        """This entry cannot be stored, and so nothing behind it."""
        self._failed = True
        for lost, (_, pending) in sorted(self.waiting.items()):
            if lost >= seq and not pending.is_answered:
                pending.answer(StoreFailedError("the store is gone"))

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        return self._journal.read(after, limit)

    def mark(self) -> Mark:
        return self._journal.mark()

    def keep(self, mark: Mark, said: bytes) -> None:
        self._journal.keep(mark, said)

    def copy(self) -> Iterator[bytes]:
        return self._journal.copy()

    def sync(self) -> None:
        self._journal.sync()

    def close(self) -> None:
        self._journal.close()
