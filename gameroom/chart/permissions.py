"""What may be done now, and by whom.

The rule: along the path from the root to an active leaf, the last permission that speaks
of the name for one of the person's kinds decides. Where leaves in parallel regions differ,
deny beats allow beats ignore beats unsaid. Who is refused everything is never surprised:
what nobody spoke of is `unsaid`, which counts as refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from gameroom.chart import plans
from gameroom.chart.snapshot import ChartSnapshot
from gameroom.chart.tables import ROOT, Chart, Ruling

RULINGS_MAX = 512
"""How many rulings are remembered for one configuration."""

_ORDER: tuple[Ruling, ...] = ("deny", "allow", "ignore", "unsaid")


def ruling(chart: Chart, snapshot: ChartSnapshot, name: str, kinds: frozenset[str]) -> Ruling:
    """What the active states say of `name` (a command, a request or a built-in doing) to a
    person of these kinds."""
    return _ruling(chart, snapshot.configuration, name, kinds)


def ruling_in(chart: Chart, states: Iterable[str], name: str, kinds: frozenset[str]) -> Ruling:
    """What states of these paths say, as everyone was told them: the root is active too. Raises
    KeyError where the chart has no such state."""
    configuration = 1 << ROOT
    for path in states:
        configuration |= 1 << chart.by_path[path]
    return _ruling(chart, configuration, name, kinds)


def _ruling(chart: Chart, configuration: int, name: str, kinds: frozenset[str]) -> Ruling:
    known = plans.known(chart, configuration)
    remembered = known.rulings.get((name, kinds))
    if remembered is not None:
        return remembered
    if len(known.rulings) >= RULINGS_MAX:
        known.rulings.clear()
    said = {_along(chart, leaf, name, kinds) for leaf in known.leaves}
    found = next(one for one in _ORDER if one in said)
    known.rulings[name, kinds] = found
    return found


def allowed(chart: Chart, snapshot: ChartSnapshot, kinds: frozenset[str]) -> tuple[str, ...]:
    """All that a person of these kinds may do now, in the order in which the active states
    first speak of it."""
    names = dict.fromkeys(_spoken_of(chart, snapshot))
    return tuple(name for name in names if ruling(chart, snapshot, name, kinds) == "allow")


def _along(chart: Chart, leaf: int, name: str, kinds: frozenset[str]) -> Ruling:
    found: Ruling = "unsaid"
    for state in (*reversed(chart.states[leaf].ancestors), leaf):
        for permission in chart.states[state].permissions:
            fits = "anyone" in permission.who or not kinds.isdisjoint(permission.who)
            if fits and name in permission.names:
                found = permission.effect
    return found


def _spoken_of(chart: Chart, snapshot: ChartSnapshot) -> Iterable[str]:
    for state in chart.states:
        if snapshot.configuration & state.bit:
            for permission in state.permissions:
                yield from permission.names
