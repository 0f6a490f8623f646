"""Snapshots: the last two of each room, whole or not there at all."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from gameroom.store import (
    FileSnapshots,
    MemorySnapshots,
    SnapshotHead,
    SnapshotStore,
    StoredSnapshot,
    StoreFailedError,
)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SnapshotStore:
    return MemorySnapshots() if request.param == "memory" else FileSnapshots(tmp_path / "snapshots")


def snapshot(generation: int, state: bytes = b"[1,2,3]") -> StoredSnapshot:
    return StoredSnapshot(SnapshotHead(generation, generation * 100, b'{"seq":9}'), state)


def test_what_was_put_is_there(store: SnapshotStore) -> None:
    store.put("room-1", snapshot(600))
    assert store.heads("room-1") == (snapshot(600).head,)
    assert store.state("room-1", 600) == b"[1,2,3]"
    assert store.heads("room-2") == ()
    assert store.state("room-1", 601) is None


def test_the_last_two_are_kept_newest_first(store: SnapshotStore) -> None:
    for generation in (90, 600, 1200):
        store.put("room", snapshot(generation))
    assert [head.generation for head in store.heads("room")] == [1200, 600]
    assert store.state("room", 90) is None


def test_rooms_whose_names_begin_alike_are_different_rooms(store: SnapshotStore) -> None:
    store.put("room", snapshot(1))
    store.put("room-1", snapshot(2))
    store.drop("room")
    assert store.heads("room") == ()
    assert [head.generation for head in store.heads("room-1")] == [2]


def test_dropping_what_is_not_there_is_safe(store: SnapshotStore) -> None:
    store.drop("room")


def test_files_outlive_their_store(tmp_path: Path) -> None:
    FileSnapshots(tmp_path).put("room", snapshot(7, bytes(range(256))))
    again = FileSnapshots(tmp_path)
    assert again.heads("room") == (snapshot(7).head,)
    assert again.state("room", 7) == bytes(range(256))


def test_no_text_from_outside_names_a_file(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        FileSnapshots(tmp_path).put("../room", snapshot(1))


def test_a_damaged_byte_anywhere_means_no_snapshot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = FileSnapshots(tmp_path)
    store.put("room", snapshot(1))
    store.put("room", snapshot(2))
    path = tmp_path / "room.2.snapshot"
    good = path.read_bytes()
    with caplog.at_level(logging.WARNING):
        for place in range(len(good)):
            path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
            assert store.state("room", 2) is None, place
            assert [head.generation for head in store.heads("room")] == [1], place
    assert "snapshot room.2.snapshot: ignored" in caplog.text
    for end in range(len(good)):
        path.write_bytes(good[:end])
        assert store.state("room", 2) is None, end
    path.write_bytes(good)
    assert store.state("room", 2) == b"[1,2,3]"


def test_what_cannot_be_written_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileSnapshots(tmp_path)
    store.put("room", snapshot(1))

    def full(self: Path, data: bytes) -> int:
        self.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreFailedError, match="No space left"):
        store.put("room", snapshot(2))
    assert [path.name for path in tmp_path.iterdir()] == ["room.1.snapshot"]
    assert store.state("room", 1) == b"[1,2,3]"
