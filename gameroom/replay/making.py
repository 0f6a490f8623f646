"""Creates a replay from a data folder: a room's journal, with the code that its header names.

A server may be writing to the folder at the same time, so nothing in it is locked or repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gameroom.roomfile import read_again, recovering
from gameroom.store import Header, StoreFailedError, record, replay
from gameroom.store.interfaces import ROOM_ID
from gameroom.store.journal import SUFFIX
from gameroom.store.sqlite_file import code_of
from gameroom.wire import definition_bytes


class NoRoomError(Exception):
    """There is no such room, or its code was removed. The message says which."""


@dataclass(frozen=True, slots=True)
class Made:
    """The result: how many events were written, and where the journal was cut off, if it was."""

    header: Header
    entries: int
    cut: replay.Cut | None


def make(data: Path, room: str, out: Path) -> Made:
    """Write the replay of a room. Raises NoRoomError, JournalError or OSError. In these cases `out`
    does not change."""
    path = data / "journals" / f"{room}{SUFFIX}"
    if ROOM_ID.fullmatch(room) is None or not path.is_file():
        raise NoRoomError(f"{data} contains no room {room}")
    draft = out.with_name(f".{out.name}.new")
    try:
        with path.open("rb") as file, draft.open("wb") as to:
            reader = replay.JournalReader(file, path.name)
            code = _code(data, reader.header)
            for piece in replay.written(reader.header, code, _records(reader), lambda: reader.last):
                to.write(piece)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return Made(reader.header, reader.last, reader.cut)


def rooms(data: Path) -> list[str]:
    """Return the ids of the rooms in a data folder, most recently changed first."""
    found = (data / "journals").glob(f"*{SUFFIX}")
    return [path.stem for path in sorted(found, key=lambda one: -one.stat().st_mtime)]


def _records(reader: replay.JournalReader) -> Iterator[bytes]:
    return map(record.entry_record, reader.entries())


def _code(data: Path, header: Header) -> replay.StoredCode:
    path = data / "gameroom.sqlite"
    with recovering(header):
        room = read_again(header).room
    try:
        with code_of(path) as source:
            code = replay.code_of(header, definition_bytes(room), source)
    except StoreFailedError as error:
        raise NoRoomError(str(error)) from error
    if code is None:
        raise NoRoomError(f"{path} no longer contains the engine, view or kit of the room")
    return code
