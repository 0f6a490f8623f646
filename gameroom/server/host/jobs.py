"""The jobs of the worker process: functions whose arguments and results can be pickled.

They know no event loop, no store and no running room.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from gameroom import resources, roomfile
from gameroom.lockstep import desync_report
from gameroom.lockstep.packets import Checksum, Diverged, MasterPacket, Moves
from gameroom.lockstep.problem import Problem
from gameroom.model import RoomFile, Value
from gameroom.roomfile import RoomFileError
from gameroom.server import bodies
from gameroom.server.refusals import ProblemError, refuse
from gameroom.store import Header
from gameroom.wire import BadFrameError, read_json


@dataclass(frozen=True, slots=True)
class Draft:
    """A valid room, ready to be created. wish: the request without sources. engine, view: their
    sources, if the request contains them. name, text: the name and the text of the room file. used:
    the shipped files that it uses."""

    wish: bodies.Create
    engine: bytes | None
    view: bytes | None
    name: str
    text: str
    used: Mapping[str, tuple[str, str]]
    file: RoomFile
    setup: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class DraftRefusal:
    """Why no room can be created. diagnostics: the errors in the room file, None if it is valid."""

    problem: Problem
    diagnostics: tuple[Mapping[str, Any], ...] | None = None


def drafted(wish: bytes | bodies.Create, players_max: int) -> Draft | DraftRefusal:
    """Read the body of `/create` with its room file and setup. players_max: the maximum number of
    places in a room."""
    try:
        if isinstance(wish, bytes):
            wish = bodies.read(bodies.Create, read_json(wish) if wish else {})
        name, text = room_text(wish)
        chart, used = roomfile.read(name, text)
        file = chart.room
        if (why := too_many(file, players_max)) is not None:
            return DraftRefusal(why)
        setup = roomfile.setup_of(file, wish.setup)
        bare = structs.replace(wish, engine=_bare(wish.engine), view=_bare(wish.view), room=None)
        return Draft(bare, _source(wish.engine), _source(wish.view), name, text, used, file, setup)
    except RoomFileError as error:
        from gameroom.language import as_plain

        told = tuple(as_plain(each, diagnostic_path) for each in error.diagnostics)
        return DraftRefusal(_problem(error), told if error.code == "bad_room" else None)
    except (ProblemError, BadFrameError) as error:
        return DraftRefusal(error.problem)


def room_text(wish: bodies.Create) -> tuple[str, str]:
    """The file name and the text of the requested room. Raises ProblemError."""
    if (wish.game is None) == (wish.room is None):
        raise refuse(422, "bad_body", "Send either `game`, or `room` with the text of a room file.")
    if wish.game is None:
        assert wish.room is not None
        return ("room.room.yaml" if wish.format == "yaml" else "room.room"), wish.room
    found = resources.shipped_room(wish.game)
    if found is None or resources.shipped_code(wish.game, "engine.js") is None:
        raise refuse(404, "no_such_game", f"There is no shipped game `{wish.game}`.")
    return found


def diagnostic_path(code: str) -> str:
    """The path of the page that explains a diagnostic code."""
    return f"/diagnostics/{code}"


def _source(code: bodies.CodeBody | None) -> bytes | None:
    """The source as bytes. It can have megabytes, so it is encoded here, not in the server."""
    return None if code is None or code.source is None else code.source.encode()


def _bare(code: bodies.CodeBody | None) -> bodies.CodeBody | None:
    return None if code is None else bodies.CodeBody(sha256=code.sha256)


def read_again(header: Header) -> RoomFile | DraftRefusal:
    """Read the room file in the header of an existing room."""
    try:
        return roomfile.read_again(header).room
    except RoomFileError as error:
        return DraftRefusal(_problem(error))


def _problem(error: RoomFileError) -> Problem:
    return Problem(422, error.code, str(error))


def too_many(file: RoomFile, places_max: int) -> Problem | None:
    """The problem if a room file declares more places than this server allows, otherwise None."""
    players = 0 if file.players is None else file.players.high
    watching = 0 if file.spectators is None else file.spectators.high
    if players + watching <= places_max:
        return None
    detail = (
        f"The room has places for {players} players and {watching} spectators. This server allows "
        f"up to {places_max} places in a room."
    )
    return Problem(422, "too_many_places", detail)


def reported(
    subject: desync_report.Subject,
    verdict: Diverged,
    agreed: Checksum | None,
    happened: Sequence[MasterPacket | Moves],
    witnesses: Sequence[desync_report.Witness],
) -> bytes:
    """The bytes of a desync report, as its file contains them."""
    return desync_report.report(subject, verdict, agreed, happened, witnesses).dump()


def drawn(file: RoomFile) -> str:
    """The picture of a room's chart as SVG."""
    from gameroom import picture

    return picture.svg(file)


def diagnostic_page(code: str) -> str | None:
    """The page that explains a diagnostic code, None if there is no such code."""
    from gameroom.language import CODES
    from gameroom.language.diagnostics.pages import story

    return story(code) if code in CODES else None


def ready() -> None:
    """Load the modules that the other jobs need, before a client waits for them."""
    from gameroom import picture  # noqa: F401 - only loaded here

    drafted(bodies.Create(game="noughts"), sys.maxsize)
