"""What a release has written, later ones play: the files in `kept/` (see `make`)."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gameroom.formats import FORMATS, RELEASE
from gameroom.replay import verify
from gameroom.replay.engine import NoNodeError, node
from gameroom.server.auth import digest
from gameroom.store import (
    FileJournals,
    MemorySessions,
    MemorySnapshots,
    RoomRecord,
    Session,
    Stores,
    record,
    replay,
)
from tests.formats import make
from tests.server.table import Person, config, served
from tests.server.test_turns import packet

TOKEN = "the token of the kept room"


async def stores(folder: Path, journal: bytes, room: str = "r-1") -> Stores:
    """The stores of a server that was stopped, with a journal as it is."""
    journals = FileJournals(folder)
    (folder / f"{room}.journal").write_bytes(journal)
    sessions = MemorySessions()
    await sessions.put_room(RoomRecord(room, "short", 1))
    for user in ("ann", "bob"):
        await sessions.put_session(Session(digest(TOKEN + user), room, user, user))
    return Stores(journals, sessions, MemorySnapshots())


async def test_a_journal_of_this_format_is_played_on(tmp_path: Path) -> None:
    async with served(config(), stores=await stores(tmp_path, JOURNAL)) as table:
        room = table.lobby.rooms["r-1"].room
        assert room.generation == make.STOPPED_AFTER
        assert room.states[:2] == ("running", "running.iterating")
        people = [
            Person(table, "r-1", user, user, seat, False, TOKEN + user)
            for seat, user in enumerate(("ann", "bob"))
        ]
        lines = [await person.connect(room.seq) for person in people]
        for line in lines:
            await packet(line, make.STOPPED_AFTER + 1)
        for line in lines:
            await line.until("turn", generation=make.STOPPED_AFTER + 1)


def test_a_replay_of_this_format_is_verified() -> None:
    try:
        node()
    except NoNodeError as why:
        pytest.skip(str(why))
    report = verify(make.REPLAY)
    assert report.findings == []
    assert (report.turns, report.ended) == (40, True)
    assert (report.checksums.agreed, report.checksums.states) == (38, 4)


def test_the_kept_files_are_of_this_format_and_have_their_kit() -> None:
    with make.REPLAY.open("rb") as file:
        reader = replay.Reader(file, "kept")
    assert reader.header.kit is not None
    assert reader.code.kit is not None
    assert FORMATS["journal"] == 1


# --- Later releases ----------------------------------------------------------------------


JOURNAL = make.JOURNAL.read_bytes()
ENTRIES_AT = record.HEADER_OFFSET + record.read_head(JOURNAL[record.HEADER_OFFSET :], "kept", 0, 0)
PAYLOAD = record.read_payload(JOURNAL[record.HEADER_OFFSET : ENTRIES_AT], "kept", 0, 0)
HEADER = record.read_header(PAYLOAD, "kept")


def forged(**changes: object) -> bytes:
    """The kept journal with another header, all checksums right."""
    said = msgspec.json.encode({**msgspec.json.decode(PAYLOAD), **changes})
    return record.MAGIC + record.record(0, said) + JOURNAL[ENTRIES_AT:]


async def test_a_room_of_a_later_release_that_added_a_field_is_played(tmp_path: Path) -> None:
    later = forged(release="0.1.9", mood="good")
    async with served(config(), stores=await stores(tmp_path, later)) as table:
        assert table.lobby.rooms["r-1"].room.generation == make.STOPPED_AFTER


NEVER = 'language 1\nroom "x" { players 1..2  state setup { mood good } }\n'
SETUPS: dict[str, object] = {"first": "nobody"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"format": 2, "release": "0.3.0", "room": {"id": "r-1"}},
            "r-1.journal was written by gameroom 0.3.0 in journal format 2; this is gameroom"
            f" {RELEASE}, which reads format 1",
        ),
        (
            {"release": "0.3.0", "text": NEVER},
            "room r-1, written by gameroom 0.3.0, can't go on in gameroom"
            f" {RELEASE}: Errors in the room file: 1.",
        ),
        ({"setup": SETUPS}, f"room r-1 can't go on in gameroom {RELEASE}: `first` is not one of"),
        ({"room": "r-2"}, "r-1.journal: entry 0 at byte 17 is damaged: it is the journal of room"),
        ({"seed": "seven"}, "r-1.journal: entry 0 at byte 17 is damaged: the header cannot be"),
        ({"used": {"x": 7}}, "r-1.journal: entry 0 at byte 17 is damaged: the header cannot be"),
    ],
)
async def test_a_room_that_cannot_be_played_is_one_line_and_harms_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, changes: dict[str, object], why: str
) -> None:
    kept = await stores(tmp_path, forged(**changes))
    kept.journals.create(replace(HEADER, room="other"))
    await kept.sessions.put_room(RoomRecord("other", "x", 2))
    caplog.set_level(logging.WARNING)
    before = (tmp_path / "r-1.journal").read_bytes()
    async with served(config(), stores=kept) as table:
        assert table.lobby.rooms.keys() == {"other"}
    (said,) = [one for one in caplog.records if "r-1" in one.getMessage()]
    assert said.getMessage().startswith(f"a room is not recovered; its journal is kept: {why}")
    assert said.exc_info is None
    assert "\n" not in said.getMessage()
    assert (tmp_path / "r-1.journal").read_bytes() == before
