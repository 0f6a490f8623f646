"""The jobs of the worker process: functions of values that can be pickled.

They know no loop, no store and no room that plays.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from gameroom import picture, resources, roomfile
from gameroom.language import as_plain
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
    """A room that may be made. wish: without the sources of its code, which are in engine and view
    where they were sent. name, text: of its file; used: the shipped files that it uses."""

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
    """Why there is no draft. diagnostics: of the room file, where it is wrong."""

    problem: Problem
    diagnostics: tuple[Mapping[str, Any], ...] | None = None


def drafted(wish: bytes | bodies.Create, players_max: int) -> Draft | DraftRefusal:
    """Read the body of `/create`, the room file and the setup in it. players_max: the places
    that a room may have."""
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
        told = tuple(as_plain(each, diagnostic_path) for each in error.diagnostics)
        return DraftRefusal(_problem(error), told if error.code == "bad_room" else None)
    except (ProblemError, BadFrameError) as error:
        return DraftRefusal(error.problem)


def room_text(wish: bodies.Create) -> tuple[str, str]:
    """File name and text of the room that is wished for. Raises ProblemError."""
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
    """Where this server tells what a code of a diagnostic means."""
    return f"/diagnostics/{code}"


def _source(code: bodies.CodeBody | None) -> bytes | None:
    """Megabytes are encoded here, and not where others play."""
    return None if code is None or code.source is None else code.source.encode()


def _bare(code: bodies.CodeBody | None) -> bodies.CodeBody | None:
    return None if code is None else bodies.CodeBody(sha256=code.sha256)


def read_again(header: Header) -> RoomFile | DraftRefusal:
    """The file of a room that was made before."""
    try:
        return roomfile.read_again(header).room
    except RoomFileError as error:
        return DraftRefusal(_problem(error))


def _problem(error: RoomFileError) -> Problem:
    return Problem(422, error.code, str(error))


def too_many(file: RoomFile, places_max: int) -> Problem | None:
    """Why this server has not enough sockets for all places of a room, None when it has."""
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
    """A desync report as it stands in its file."""
    return desync_report.report(subject, verdict, agreed, happened, witnesses).dump()


def drawn(file: RoomFile) -> str:
    """The picture of a room's chart."""
    return picture.svg(file)


def ready() -> None:
    """Load what the other jobs need, before anybody waits for it."""
    drafted(bodies.Create(game="noughts"), sys.maxsize)
