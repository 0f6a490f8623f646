"""What a release has written, later ones play: the files in `kept/` (see `make`)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gameroom import language
from gameroom.formats import FORMATS, RELEASE
from gameroom.replay import verify
from gameroom.replay.engine import NoNodeError, node
from gameroom.server.auth import digest
from gameroom.server.refusals import ProblemError
from gameroom.store import (
    Entry,
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
from tests.values import replace

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
        room = (await table.lobby.rooms.find("r-1")).room
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
with io.BytesIO(JOURNAL) as _file:
    ENTRIES = sum(1 for _ in replay.JournalReader(_file, "kept").entries())


def forged(**changes: object) -> bytes:
    """The kept journal with another header, all checksums right."""
    said = msgspec.json.encode({**msgspec.json.decode(PAYLOAD), **changes})
    return record.MAGIC + record.record(0, said) + JOURNAL[ENTRIES_AT:]


async def test_a_room_of_a_later_release_that_added_a_field_is_played(tmp_path: Path) -> None:
    later = forged(release="0.1.9", mood="good")
    async with served(config(), stores=await stores(tmp_path, later)) as table:
        room = (await table.lobby.rooms.find("r-1")).room
        assert room.generation == make.STOPPED_AFTER


async def test_a_scenario_that_no_longer_passes_its_check_ends_no_game(tmp_path: Path) -> None:
    text = HEADER.text + 'scenario "s" { given players ann  ann sends dance }\n'
    uses = {name: language.Source(*file) for name, file in HEADER.used.items()}
    loaded = language.load(text, name=HEADER.name, resolve=uses.get)
    assert [one.code for one in loaded.diagnostics] != []
    async with served(config(), stores=await stores(tmp_path, forged(text=text))) as table:
        room = (await table.lobby.rooms.find("r-1")).room
        assert room.generation == make.STOPPED_AFTER


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
            f" {RELEASE}: test.room, line 2: unexpected `mood`",
        ),
        ({"setup": SETUPS}, f"room r-1 can't go on in gameroom {RELEASE}: `first` is not one of"),
        ({"room": "r-2"}, "r-1.journal: entry 0 at byte 17 is damaged: it belongs to room"),
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
        with pytest.raises(ProblemError):
            await table.lobby.rooms.find("r-1")
        await table.lobby.rooms.find("other")
    (said,) = [one for one in caplog.records if "r-1" in one.getMessage()]
    assert said.getMessage().startswith(f"room r-1: cannot wake up, its journal is kept: {why}")
    assert said.exc_info is None
    assert "\n" not in said.getMessage()
    assert (tmp_path / "r-1.journal").read_bytes() == before


def of_a_later_release(
    chart: Callable[[dict[str, Any]], object] = lambda said: None, news: bytes | None = None
) -> bytes:
    """The kept journal as gameroom 0.3.0 might have written it in the same format: it numbers
    and reads the room file in a way of its own. chart: what else is different in its snapshots
    of the chart. news: an event at the end."""

    def dumped(data: bytes) -> bytes:
        said = {**json.loads(data), "chart": "2:" + "0" * 32, "release": "0.3.0", "mood": "good"}
        chart(said)
        return json.dumps(said).encode()

    with io.BytesIO(forged(release="0.3.0")) as file:
        entries = list(replay.JournalReader(file, "kept").entries())
    made = [one if one.chart is None else replace(one, chart=dumped(one.chart)) for one in entries]
    if news is not None:
        made.append(Entry(len(made) + 1, made[-1].at, news))
    header = record.header_record(replace(HEADER, release="0.3.0"))
    return record.MAGIC + header + b"".join(map(record.entry_record, made))


async def test_a_room_whose_states_are_all_found_is_played_by_another_release(
    tmp_path: Path,
) -> None:
    kept = await stores(tmp_path, of_a_later_release())
    async with served(config(), stores=kept) as table:
        room = (await table.lobby.rooms.find("r-1")).room
        assert room.generation == make.STOPPED_AFTER
        assert room.states[:2] == ("running", "running.iterating")


@pytest.mark.parametrize(
    ("journal", "why"),
    [
        (
            of_a_later_release(lambda said: said.update(states=["running.iterating.thinking"])),
            "this snapshot was written by gameroom 0.3.0 for another chart: there is no state"
            f" `running.iterating.thinking`; this is gameroom {RELEASE}",
        ),
        (
            of_a_later_release(lambda said: said.update(format=2)),
            "this snapshot was written by gameroom 0.3.0 in chart format 2;"
            f" this is gameroom {RELEASE}, which reads format 1",
        ),
        (
            of_a_later_release(
                news=b"\x84\xa5event\xa4news\xa3seq%c\xa4path\xa1/\xa4body\x07" % (ENTRIES + 1)
            ),
            f"the journal: entry {ENTRIES + 1} is damaged: this release does not know its kind",
        ),
    ],
)
async def test_what_another_release_has_and_this_one_has_not_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, journal: bytes, why: str
) -> None:
    kept = await stores(tmp_path, journal)
    caplog.set_level(logging.WARNING)
    async with served(config(), stores=kept) as table:
        with pytest.raises(ProblemError):
            await table.lobby.rooms.find("r-1")
    (said,) = [one.getMessage() for one in caplog.records if "r-1" in one.getMessage()]
    assert said == (
        "room r-1: cannot wake up, its journal is kept: room r-1, written by gameroom 0.3.0, can't"
        f" go on in gameroom {RELEASE}: {why}"
    )
