"""Runs all checks of a merged room.

A room without errors compiles to a chart. The checks read the room only; they do not run the chart.
"""

from __future__ import annotations

from gameroom.language.checks.declarations import check_declarations
from gameroom.language.checks.doubles import without_doubles
from gameroom.language.checks.scenarios import check_scenarios
from gameroom.language.checks.scope import Scope
from gameroom.language.checks.states import States
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.model import File, RoomFile


def check(room: RoomFile, file: File, problems: Problems) -> None:
    """Check a merged room and the scenarios of the file that it came from."""
    assert room.extends is None, "only a merged room is checked"
    scope = Scope(without_doubles(room, problems))
    check_declarations(scope, problems)
    States(scope, problems).check()
    check_scenarios(file.scenarios, scope, problems)
