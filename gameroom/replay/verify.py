"""Is a replay what was written, and does the game come out the same?

Reads the file twice: once as the room would after a restart, checking what it says
(`stream`), and once more for the engine (`rerun`). A finding is data; it stands for something
that cannot be in a replay of an honest server and an engine that plays alike everywhere.
"""

from __future__ import annotations

from pathlib import Path

from gameroom.model import Room as RoomFile
from gameroom.replay.report import Report, Wanted
from gameroom.replay.rerun import rerun
from gameroom.replay.stream import Stream
from gameroom.room import Folded, Room, misfit_settings
from gameroom.server.answers import RefusedError
from gameroom.server.blueprint import restored
from gameroom.store import JournalDamagedError, replay, sha256
from gameroom.wire import (
    BadFrameError,
    definition,
    order_of,
    read_json,
)


def verify(path: Path) -> Report:
    """Check a replay from end to end. Raises OSError where it cannot be read."""
    report = Report(path.name)
    with path.open("rb") as file:
        try:
            reader = replay.Reader(file, path.name)
        except JournalDamagedError as error:
            report.find("damaged", str(error))
            report.checksums.why_not = "the file's beginning is damaged"
            return report
        header = reader.header
        report.room, report.name = header.room, header.name
        _check_code(report, reader)
        wanted = Wanted()
        room = _room_file(report, reader)
        if room is not None:
            _fold(report, reader, room, wanted)
    if room is None or any(one.code == "another_engine" for one in report.findings):
        report.checksums.why_not = "the room or its engine is not the one that was played"
        return report
    with path.open("rb") as file:
        rerun(report, file, room, wanted)
    return report


def _check_code(report: Report, reader: replay.Reader) -> None:
    header, code = reader.header, reader.code
    if sha256(code.engine) != header.engine:
        report.find("another_engine", f"the engine is {sha256(code.engine)}, not {header.engine}")
    if code.view is not None and sha256(code.view) != header.view:
        report.find("another_view", f"the view is {sha256(code.view)}, not {header.view}")


def _room_file(report: Report, reader: replay.Reader) -> RoomFile | None:
    try:
        room = restored(reader.header).room
    except RefusedError as error:
        report.find("bad_room", f"the room file does not compile: {error.problem.detail}")
        return None
    if not _same_order(reader.code.definition, room):
        report.find("another_definition", "the definition is not that of the room file")
    if (why := misfit_settings(room.settings, reader.header.setup)) is not None:
        report.find("bad_setup", f"the setup does not fit the room file: {why}")
        return None
    return room


def _same_order(said: bytes, room: RoomFile) -> bool:
    """Whether a player that has the definition alone reads the events as the room does."""
    try:
        plain = read_json(said)
        return isinstance(plain, dict) and order_of(plain) == order_of(definition(room))
    except (BadFrameError, KeyError, TypeError):
        return False


# --- What it says ----------------------------------------------------------------------


def _fold(report: Report, reader: replay.Reader, room: RoomFile, wanted: Wanted) -> None:
    header = reader.header
    chart = restored(header)
    stream = Stream(report, chart, wanted)
    appends = stream.checked(reader)
    try:
        folded = Folded(header.setup).fold_all(appends)
        made = Room.restored(chart, seed=header.seed, folded=folded, now=0)
    except Exception as error:
        # Anybody's stream: whatever the room makes of it, it is the file's fault.
        for _ in appends:
            continue
        if report.ok or stream.last:
            what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            report.find("not_folded", f"the room cannot go on from it: {what}", seq=stream.last)
    else:
        report.ended = made.over
