"""Creates charts and rooms from the text of a room file or from the header of a journal.

Knows the language, the chart, rooms and the bytes of the store, but no server and no network. Two
rules: all code gets the chart of a text from here. And an existing room is read only from the texts
in its header: a room file can use shipped rooms, and a later release can ship different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gameroom import model, resources
from gameroom.chart import Chart, ChartError, compile_room
from gameroom.formats import RELEASE, printed, writer
from gameroom.lockstep.packets import Event
from gameroom.model import Value
from gameroom.room import default_settings, misfit_settings
from gameroom.room.effects import Append
from gameroom.store import (
    Entry,
    Header,
    JournalDamagedError,
    NotRecoveredError,
    OtherReleaseError,
    StoreFailedError,
)
from gameroom.wire import BODIES, BadFrameError, Codec, EventFrame

if TYPE_CHECKING:  # A server that has not read a room file itself starts without the language.
    from gameroom.language import Diagnostic, Loaded, Source

Used = dict[str, tuple[str, str]]
"""The file name and the text of each shipped file that a room file uses, by the name in `use`."""

_BODIES = tuple(BODIES.values())


class RoomFileError(Exception):
    """The text does not describe a valid room, or the setup does not fit it. The message says why.

    code: `bad_room` or `bad_setting`. diagnostics: the errors with their places, if known.
    """

    def __init__(self, code: str, why: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(why)
        self.code, self.diagnostics = code, diagnostics


# -- text and header ---------------------------------------------------------------------------


def read(name: str, text: str) -> tuple[Chart, Used]:
    """The chart of a room file, and the shipped files that it uses. Raises RoomFileError."""
    used: Used = {}

    def resolve(wanted: str) -> Source | None:
        if (found := resources.shipped_room(wanted)) is not None:
            used[wanted] = found
        return None if found is None else _source(found)

    return _load(name, text, resolve, plays=False), used


def read_again(header: Header) -> Chart:
    """The chart of an existing room, only from the texts in its header. Raises RoomFileError if
    they do not describe a valid room, or the setup does not fit it."""

    def resolve(wanted: str) -> Source | None:
        found = header.used.get(wanted)
        return None if found is None else _source(found)

    try:
        chart = _load(header.name, header.text, resolve, plays=True)
    except RoomFileError as error:
        if not error.diagnostics:
            raise
        first = error.diagnostics[0]
        said = f"{first.span.file}, line {first.span.line}: {first.message} ({first.code})"
        raise RoomFileError("bad_room", said, error.diagnostics) from error
    if (why := misfit_settings(chart.room.settings, header.setup)) is not None:
        raise RoomFileError("bad_setting", why)
    return chart


def chart_of(loaded: Loaded) -> Chart | None:
    """The chart of a loaded room file, or None if it has errors or no room."""
    return compiled(loaded.room) if loaded.ok and loaded.room is not None else None


def compiled(file: model.RoomFile) -> Chart:
    """The chart of a room file without errors. A chart contains functions, so it cannot be sent to
    another process. Send the room file instead, and compile it there."""
    return compile_room(file)


def setup_of(file: model.RoomFile, wish: Mapping[str, Value]) -> dict[str, Value]:
    """The initial settings: the defaults with the changes in `wish`. Raises RoomFileError if one
    does not fit."""
    settings = default_settings(file) | dict(wish)
    if (why := misfit_settings(file.settings, settings)) is not None:
        raise RoomFileError("bad_setting", why)
    return settings


def _source(found: tuple[str, str]) -> Source:
    from gameroom.language import Source

    return Source(*found)


def _load(name: str, text: str, resolve: Callable[[str], Source | None], *, plays: bool) -> Chart:
    from gameroom import language

    loaded = language.load(text, name=name, resolve=resolve, plays=plays)
    if not loaded.ok or loaded.room is None:
        errors = sum(each.severity == "error" for each in loaded.diagnostics)
        why = f"Errors in the room file: {errors}." if errors else "The file contains no room."
        raise RoomFileError("bad_room", why, loaded.diagnostics)
    try:
        return compiled(loaded.room)
    except ChartError as error:
        raise RoomFileError("bad_room", f"The room file is not valid: {error}.") from error


# -- journal -----------------------------------------------------------------------------------


def entry_of(append: Append, codec: Codec) -> Entry:
    """The journal entry for an event, with the bytes of the msgpack subprotocol."""
    data = codec.encode_event(append.event)
    assert isinstance(data, bytes), "journals are written in msgpack"
    return Entry(append.event.seq, append.at, data, append.chart, append.ids)


def event_of(entry: Entry, codec: Codec) -> Event:
    """The event in an entry. Raises JournalDamagedError if it is not an event of a room."""
    found = read_event(entry, codec)
    if isinstance(found, str):
        raise JournalDamagedError("the journal", None, entry.seq, found)
    return found


def read_event(entry: Entry, codec: Codec) -> Event | str:
    """The event in an entry, or the reason why it is invalid. The bytes can come from anyone."""
    try:
        frame = codec.decode_event(entry.event)
    except (BadFrameError, RecursionError) as error:
        return str(error) or type(error).__name__
    if not isinstance(frame, EventFrame):
        return "it is not an event"
    if frame.seq != entry.seq:
        return f"it claims to be event {frame.seq}"
    if not isinstance(frame.body, _BODIES):
        return "this release does not know its kind"
    return Event(entry.seq, frame.body)


def appends(entries: Iterable[Entry], codec: Codec) -> Iterator[Append]:
    """The entries of a journal as effects that a room can fold. Raises JournalError."""
    for entry in entries:
        yield Append(event_of(entry, codec), entry.at, entry.chart, entry.ids)


@contextmanager
def recovering(header: Header) -> Iterator[None]:
    """Convert every error in the block to a JournalError with a one-line message.

    The bytes can come from another release or a stranger. So even a failing assertion means that
    this one room is invalid, and it must not affect other rooms.
    """
    try:
        yield
    except (OtherReleaseError, StoreFailedError):
        raise
    except Exception as error:
        if isinstance(error, JournalDamagedError) and error.offset is not None:
            raise
        said = " ".join(str(error).split())
        if type(error).__module__ == "builtins":
            # Our errors have a full message. For Python's own errors the name is more useful.
            said = f"{type(error).__name__} {said}"
        why = printed(said, 300)
        by = "" if header.release == RELEASE else f", written by {writer(header.release)},"
        raise NotRecoveredError(
            f"room {printed(header.room)}{by} can't go on in gameroom {RELEASE}: {why}"
        ) from error
