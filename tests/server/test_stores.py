"""The stores of a configuration, and journals that are brought to the disk from a thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gameroom.server.config import Config
from gameroom.server.host.stores import Syncing, open_stores
from gameroom.store import (
    Entry,
    FileJournals,
    Header,
    MemoryJournal,
    MemoryJournals,
    StoreFailedError,
)

HEADER = Header(room="room", name="room.room", text="", engine="0" * 64)


async def test_without_a_folder_all_is_in_memory(tmp_path: Path) -> None:
    stores = open_stores(Config())
    await stores.sessions.check(0)
    await stores.close()
    assert not list(tmp_path.iterdir())


def test_journals_that_cannot_be_kept_stop_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("a file where the folder should be")
    with pytest.raises(StoreFailedError):
        open_stores(Config(data=tmp_path))


class Signalled(MemoryJournal):
    """Says when it was synced; fails when told to."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__(HEADER)
        self.synced = threading.Event()
        self.fails = fails

    def sync(self) -> None:
        self.synced.set()
        if self.fails:
            raise StoreFailedError("input/output error")


def test_a_thread_syncs_all_journals_and_one_that_fails_keeps_no_other_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    syncing = Syncing(MemoryJournals())
    bad, good = Signalled(fails=True), Signalled()
    syncing.add("bad", bad)
    syncing.add("good", good)
    syncing.start()
    assert bad.synced.wait(10)
    assert good.synced.wait(10)
    bad.synced.clear()
    good.synced.clear()
    assert good.synced.wait(10)
    assert not bad.synced.is_set(), "a failed journal is synced no more"
    syncing.stop()
    assert "bad" in caplog.text
    assert "input/output error" in caplog.text


def test_what_was_appended_is_on_the_disk_after_a_sync(tmp_path: Path) -> None:
    journals = FileJournals(tmp_path)
    journal = journals.create(HEADER)
    journal.append(Entry(1, 0, b"event", b"chart"))
    journal.sync()
    journal.close()
    assert [entry.event for entry in journals.open("room").read()] == [b"event"]
