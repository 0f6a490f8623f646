"""What is allowed now, and for whom.

The rule: on the path from the root to an active leaf, the last permission that names the action and
one of the person's kinds decides. If leaves in parallel regions differ, deny beats allow, allow
beats ignore, and ignore beats unsaid. `unsaid` means that no permission names the action, and
counts as refused.
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
    """Return the ruling of the active states on `name` (a command, a request or a built-in action)
    for a person of these kinds."""
    return _ruling(chart, snapshot.configuration, name, kinds)


def ruling_in(chart: Chart, states: Iterable[str], name: str, kinds: frozenset[str]) -> Ruling:
    """Return the ruling of the states with these paths, as in a ChartState. The root is added.
    Raises KeyError if the chart has no such state."""
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
    """Return all names that are allowed now for a person of these kinds, in the order in which the
    active states first name them."""
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
