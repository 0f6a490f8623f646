"""Many journals are synced with one call, and none of them is taken for synced when it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameroom.store import Entry, FileJournals, Header, StoreFailedError, file_system
from gameroom.store.file_system import FileSystem
from gameroom.store.journal import TOGETHER_MIN, FileJournal


class Disk:
    """The calls that reach the disk. fails: file names whose `fsync` fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wholes = 0
        self.files = 0
        self.fails: set[str] = set()
        self.together = True
        self.meanwhile = lambda: None
        monkeypatch.setattr(FileSystem, "sync", lambda _: self._whole())
        monkeypatch.setattr(os, "fsync", self._file)

    def _whole(self) -> bool:
        self.wholes += 1
        self.meanwhile()
        return self.together

    def _file(self, handle: int) -> None:
        self.files += 1
        if os.path.basename(os.readlink(f"/proc/self/fd/{handle}")) in self.fails:
            raise OSError(5, "Input/output error")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> FileJournals:
    return FileJournals(tmp_path)


@pytest.fixture
def journals(store: FileJournals, disk: Disk) -> Iterator[list[FileJournal]]:
    made = [
        store.create(Header(room=f"room{n}", name="r.room", text="", engine="0" * 64))
        for n in range(TOGETHER_MIN)
    ]
    for journal in made:
        journal.append(Entry(1, 0, b"event"))
    disk.files = 0
    yield made
    disk.fails.clear()
    for journal in made:
        journal.close()


def test_many_journals_cost_one_call(
    store: FileJournals, disk: Disk, journals: list[FileJournal]
) -> None:
    assert store.sync(journals) == {}
    assert (disk.wholes, disk.files) == (1, 0)
    assert not any(journal.is_behind for journal in journals)
    assert store.sync(journals) == {}
    assert (disk.wholes, disk.files) == (1, 0), "nothing was appended since"


def test_few_journals_are_synced_one_by_one(
    store: FileJournals, disk: Disk, journals: list[FileJournal]
) -> None:
    assert store.sync(journals[1:]) == {}
    assert (disk.wholes, disk.files) == (0, TOGETHER_MIN - 1)
    assert [journal.is_behind for journal in journals] == [True, *[False] * (TOGETHER_MIN - 1)]


def test_what_is_appended_during_the_call_is_synced_by_the_next_one(
    store: FileJournals, disk: Disk, journals: list[FileJournal]
) -> None:
    disk.meanwhile = lambda: journals[0].append(Entry(2, 0, b"event"))
    store.sync(journals)
    assert [journal.is_behind for journal in journals] == [True, *[False] * (TOGETHER_MIN - 1)]


def test_where_the_call_fails_each_file_says_whether_it_did(
    store: FileJournals, disk: Disk, journals: list[FileJournal]
) -> None:
    disk.together, disk.fails = False, {"room1.journal"}
    failed = store.sync(journals)
    assert list(failed) == [journals[1]]
    assert disk.files == TOGETHER_MIN
    assert [journal.is_behind for journal in journals] == [
        journal is journals[1] for journal in journals
    ]
    with pytest.raises(StoreFailedError, match="Input/output error"):
        journals[1].append(Entry(2, 0, b"event"))


def test_a_checkpoint_of_what_is_synced_does_not_sync_again(
    store: FileJournals, disk: Disk, journals: list[FileJournal]
) -> None:
    mark = journals[0].mark()
    store.sync(journals)
    journals[0].append(Entry(2, 0, b"event"))
    journals[0].keep(mark, b"said")
    assert disk.files == 0
    journals[0].keep(journals[0].mark(), b"said")
    assert disk.files == 1


def test_the_file_system_is_synced_on_linux_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []
    monkeypatch.setattr(file_system, "_syncfs", lambda: lambda handle: called.append(handle) or 0)
    system = FileSystem(tmp_path)
    assert system.sync()
    assert os.path.samestat(os.fstat(called[0]), tmp_path.stat())
    monkeypatch.setattr(file_system, "_syncfs", lambda: lambda handle: -1)
    assert not FileSystem(tmp_path).sync(), "it failed"
    monkeypatch.undo()
    for version in ("4.19.0-generic", "5.7.1", "unknown"):
        names = os.uname()
        monkeypatch.setattr(
            os, "uname", lambda n=names, v=version: os.uname_result((*n[:2], v, *n[3:]))
        )
        assert not FileSystem(tmp_path).sync(), version
        monkeypatch.undo()
    monkeypatch.setattr(file_system.sys, "platform", "darwin")
    assert not FileSystem(tmp_path).sync()
