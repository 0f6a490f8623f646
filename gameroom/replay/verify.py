"""Verifies a replay: is it intact, and does running the game again have the same result?

Reads the file twice: once like a room after a restart, to check the events (`stream`), and once
more for the engine (`rerun`). A finding is a problem that cannot occur in a replay of an honest
server with a deterministic engine.
"""

from __future__ import annotations

from pathlib import Path

from gameroom import resources
from gameroom.chart import Chart
from gameroom.model import RoomFile
from gameroom.replay.report import ReplayReport, Wanted
from gameroom.replay.rerun import rerun
from gameroom.replay.stream import Stream
from gameroom.room import Folded, Room
from gameroom.roomfile import RoomFileError, read_again, recovering
from gameroom.store import JournalError, OtherReleaseError, replay, sha256
from gameroom.wire import (
    BadFrameError,
    definition,
    order_of,
    read_json,
)

NOT_RUN = ("another_engine", "another_kit")
"""Findings after which the engine is not run, because it is not the code of the game."""


def verify(path: Path) -> ReplayReport:
    """Check a replay from beginning to end. Raises OSError if the file cannot be read."""
    report = ReplayReport(path.name)
    with path.open("rb") as file:
        try:
            reader = replay.Reader(file, path.name)
        except OtherReleaseError as error:
            report.find("other_release", str(error))
            report.checksums.why_not = "the file was written by a different release"
            return report
        except JournalError as error:
            report.find("damaged", str(error))
            report.checksums.why_not = "the beginning of the file is damaged"
            return report
        header = reader.header
        report.room, report.name, report.release = header.room, header.name, header.release
        report.own_kit = header.kit in (None, sha256(resources.kit()))
        _check_code(report, reader)
        wanted = Wanted()
        chart = _chart(report, reader)
        if chart is not None:
            _fold(report, reader, chart, wanted)
    if chart is None or any(one.code in NOT_RUN for one in report.findings):
        report.checksums.why_not = "the room or its engine is not the one that was played"
        return report
    with path.open("rb") as file:
        rerun(report, file, chart.room, wanted)
    return report


def _check_code(report: ReplayReport, reader: replay.Reader) -> None:
    header, code = reader.header, reader.code
    if sha256(code.engine) != header.engine:
        report.find("another_engine", f"the engine is {sha256(code.engine)}, not {header.engine}")
    if code.view is not None and sha256(code.view) != header.view:
        report.find("another_view", f"the view is {sha256(code.view)}, not {header.view}")
    if code.kit is not None and sha256(code.kit) != header.kit:
        report.find("another_kit", f"the kit is {sha256(code.kit)}, not {header.kit}")


def _chart(report: ReplayReport, reader: replay.Reader) -> Chart | None:
    try:
        chart = read_again(reader.header)
    except RoomFileError as error:
        if error.code == "bad_setting":
            report.find("bad_setup", f"the setup does not fit the room file: {error}")
        else:
            report.find("bad_room", f"the room file does not compile: {error}")
        return None
    if not _same_order(reader.code.definition, chart.room):
        report.find("another_definition", "the definition does not match the room file")
    return chart


def _same_order(said: bytes, room: RoomFile) -> bool:
    """Whether a program that has only the definition reads the events as the room does."""
    try:
        return order_of(read_json(said)) == order_of(definition(room))
    except BadFrameError:
        return False


# --- Reading the file ------------------------------------------------------------------


def _fold(report: ReplayReport, reader: replay.Reader, chart: Chart, wanted: Wanted) -> None:
    header = reader.header
    stream = Stream(report, chart, wanted)
    appends = stream.checked(reader)
    try:
        with recovering(header):
            folded = Folded(header.setup).fold_all(appends)
            made = Room.restored(chart, seed=header.seed, folded=folded, now=0)
    except JournalError as error:
        for _ in appends:
            continue
        if report.ok or stream.last:
            report.find("not_folded", str(error), seq=stream.last)
    else:
        report.ended = made.over
