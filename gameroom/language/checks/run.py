"""All checks of a merged room, in one run.

What passes here compiles to a chart. It looks at what is written; what follows from
running the chart is not its business.
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
