"""kill -9 and a full disk: what was acknowledged is there, what failed left nothing."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gameroom.store import (
    Entry,
    FileJournals,
    Session,
    SqliteSessions,
    StoreFailedError,
)
from tests.store.entries import ENTRIES, HEADER

WRITER = """
import asyncio, sys
from pathlib import Path
from gameroom.store import Entry, FileJournals, Header, Session, SqliteSessions
folder = Path(sys.argv[1])
journal = FileJournals(folder).create(Header("r-1", "r.room", "", "e" * 64))
sessions = SqliteSessions(folder / "sessions.sqlite")
async def write():
    for seq in range(1, 1_000_000):
        journal.append(Entry(seq, seq, seq.to_bytes(4, "big") * 50))
        if seq % 50 == 0:
            await sessions.put_session(Session(seq.to_bytes(32, "big"), "r-1", f"u{seq}", "ann"))
        print(seq, flush=True)
asyncio.run(write())
"""


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A real limit of the operating system, which answers like a full disk: first with a
    part of the write, then with an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        acknowledged = 0
        while acknowledged < 500:
            acknowledged = int(writer.stdout.readline())
        writer.kill()
        rest = writer.stdout.read().splitlines()
    acknowledged = int(rest[-2]) if len(rest) > 1 else acknowledged
    journal = FileJournals(tmp_path).open("r-1")
    assert journal.last >= acknowledged
    for seq, one in enumerate(journal.read(), 1):
        assert one == Entry(seq, seq, seq.to_bytes(4, "big") * 50)
    journal.close()
    sessions = SqliteSessions(tmp_path / "sessions.sqlite")
    found = {one.token for one in await sessions.of_room("r-1")}
    for seq in range(50, acknowledged, 50):
        assert seq.to_bytes(32, "big") in found
    await sessions.close()


@pytest.mark.parametrize("room_left", [0, 1, 15, 16, 17, 40])
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, room_left: int) -> None:
    journal = FileJournals(tmp_path).create(HEADER)
    for one in ENTRIES[:3]:
        journal.append(one)
    path = tmp_path / "r-1.journal"
    before = path.read_bytes()
    big = Entry(4, 4, b"x" * 100)
    with (
        files_of_at_most(len(before) + room_left),
        pytest.raises(StoreFailedError, match=r"r-1\.journal"),
    ):
        journal.append(big)
    assert path.read_bytes() == before
    assert tuple(journal.read()) == ENTRIES[:3]
    journal.append(big)
    journal.close()
    journal = FileJournals(tmp_path).open("r-1")
    assert (journal.torn, journal.last) == (None, 4)
    assert tuple(journal.read(3)) == (big,)
    journal.close()


def test_a_full_disk_makes_no_room(tmp_path: Path) -> None:
    journals = FileJournals(tmp_path)
    with files_of_at_most(30), pytest.raises(StoreFailedError):
        journals.create(HEADER)
    assert (journals.rooms(), list(tmp_path.iterdir())) == ((), [])


async def test_sessions_on_a_full_disk_say_so(tmp_path: Path) -> None:
    sessions = SqliteSessions(tmp_path / "s.sqlite")
    with files_of_at_most(100), pytest.raises(StoreFailedError):
        await sessions.check(0)
    with files_of_at_most(100), pytest.raises(StoreFailedError):
        await sessions.put_session(Session(b"t" * 32, "r", "u", "ann"))
    assert await sessions.of_room("r") == ()
    await sessions.check(0)
    await sessions.close()
