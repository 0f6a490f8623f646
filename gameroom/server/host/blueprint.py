"""From a wish or a journal's header to a room: its files, chart, setup and code.

A room file may use shipped rooms, and a later release may ship others. So the header
keeps the text of every file that the room was made from, and recovery reads no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gameroom import language, resources
from gameroom.chart import Chart, ChartError, compile_room
from gameroom.language import Source, as_plain
from gameroom.lockstep.problem import Problem
from gameroom.model import RoomFile, Value
from gameroom.room import default_settings, misfit_settings
from gameroom.server.http import bodies
from gameroom.server.http.answers import RefusedAnswerError, refuse
from gameroom.store import Header


class BadRoomError(RefusedAnswerError):
    """The room file is wrong; the diagnostics say where."""

    def __init__(self, problem: Problem, diagnostics: tuple[Mapping[str, Any], ...]) -> None:
        super().__init__(problem)
        self.diagnostics = diagnostics


def diagnostic_path(code: str) -> str:
    """Where this server tells what a code of a diagnostic means."""
    return f"/diagnostics/{code}"


def read_room(name: str, text: str) -> tuple[Chart, dict[str, tuple[str, str]]]:
    """The chart of a room file, and what `checked` says of the files that it uses. Raises
    BadRoomError."""
    file, used = checked(name, text)
    return compile_room(file), used


def checked(name: str, text: str) -> tuple[RoomFile, dict[str, tuple[str, str]]]:
    """A room file, and the shipped files that it uses: file name and text by the name of the
    `use`. Raises BadRoomError."""
    used: dict[str, tuple[str, str]] = {}

    def resolve(wanted: str) -> Source | None:
        if (found := resources.shipped_room(wanted)) is not None:
            used[wanted] = found
        return None if found is None else Source(*found)

    return _load(name, text, resolve, plays=False), used


def restored(header: Header) -> Chart:
    """The chart of a room that was made before. Raises RefusedError as `reread` does."""
    return compile_room(reread(header))


def reread(header: Header) -> RoomFile:
    """The file of a room that was made before, from its own texts alone. Raises RefusedError
    where they make no room, or the setup does not fit it."""

    def resolve(wanted: str) -> Source | None:
        found = header.used.get(wanted)
        return None if found is None else Source(*found)

    try:
        file = _load(header.name, header.text, resolve, plays=True)
    except BadRoomError as error:
        if not error.diagnostics:
            raise
        first = error.diagnostics[0]
        where = f"{first['file']}, line {first['range']['start']['line']}"
        detail = f"{where}: {first['message']} ({first['code']})"
        raise refuse(422, "bad_room", detail) from error
    if (why := misfit_settings(file.settings, header.setup)) is not None:
        raise refuse(422, "bad_setting", why)
    return file


def _load(
    name: str, text: str, resolve: Callable[[str], Source | None], *, plays: bool
) -> RoomFile:
    """A room file that compiles. Raises BadRoomError."""
    loaded = language.load(text, name=name, resolve=resolve, plays=plays)
    if not loaded.ok or loaded.room is None:
        told = tuple(as_plain(each, diagnostic_path) for each in loaded.diagnostics)
        errors = sum(each.severity == "error" for each in loaded.diagnostics)
        detail = f"Errors in the room file: {errors}." if errors else "The file has no room."
        raise BadRoomError(refuse(422, "bad_room", detail).problem, told)
    try:
        compile_room(loaded.room)
    except ChartError as error:
        problem = refuse(422, "bad_room", f"The room file: {error}.").problem
        raise BadRoomError(problem, ()) from error
    return loaded.room


def setup_of(file: RoomFile, wish: Mapping[str, Value]) -> dict[str, Value]:
    """The first setup configuration. Raises RefusedError for what does not fit."""
    settings = default_settings(file) | dict(wish)
    if (why := misfit_settings(file.settings, settings)) is not None:
        raise refuse(422, "bad_setting", why)
    return settings


def shipped_code(game: str, name: str) -> str | None:
    """`engine.js` or `view.js` of a shipped game, whose name was looked up before."""
    path = resources.rooms() / game / name
    return path.read_text(encoding="utf-8") if path.is_file() else None


def room_text(wish: bodies.Create) -> tuple[str, str]:
    """File name and text of the room that is wished for. Raises RefusedError."""
    if (wish.game is None) == (wish.room is None):
        raise refuse(422, "bad_body", "Say either `game`, or `room` with its text.")
    if wish.game is None:
        assert wish.room is not None
        return ("room.room.yaml" if wish.format == "yaml" else "room.room"), wish.room
    found = resources.shipped_room(wish.game)
    if found is None or shipped_code(wish.game, "engine.js") is None:
        raise refuse(404, "no_such_game", f"No game `{wish.game}` is shipped.")
    return found
