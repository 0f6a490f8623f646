"""Deep checks: explore a room to find problems before anybody plays it.

The room is explored with the same step function that the server uses; people are interchangeable.
Then the graph is followed back from its ends: all spots that cannot reach an end are stuck. The
rule it keeps: a report says what was not explored, and equal rooms have equal reports.
docs/checks.md describes every check with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gameroom.explore.findings import Finding, happening, never
from gameroom.explore.scope import Explored, explored, notes
from gameroom.explore.static_checks import check_static
from gameroom.explore.story import Story
from gameroom.language import Diagnostic
from gameroom.model import RoomFile, Span

CONFIGURATIONS_MAX = 10_000
"""How many abstract configurations are explored: a second or two."""

UNKNOWN = "not checked for unreachable states and transitions"


@dataclass(frozen=True, slots=True)
class ExploreReport:
    """The result of exploring a room.

    findings: sorted by place. notes: sentences about what was explored and what was not.
    players: the most players that were tried. configurations: how many were found.
    complete: whether the exploration did not reach a limit.
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    players: int
    configurations: int
    complete: bool

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return tuple(finding.diagnostic for finding in self.findings)

    def story(self, code: str) -> Story | None:
        """Return the story of the first finding with this code, or None."""
        told = (each.story for each in self.findings if each.diagnostic.code == code)
        return next(told, None)


def explore(room: RoomFile, *, configurations_max: int = CONFIGURATIONS_MAX) -> ExploreReport:
    """Check a merged room that has no errors."""
    assert room.extends is None, "only a merged room is explored"
    found = explored(room, configurations_max)
    static = [Finding(each) for each in check_static(room)]
    impossible, doubts = _impossible(found)
    played = [*happening(found.graphs), *impossible]
    return ExploreReport(
        findings=tuple(_sorted(_without_echoes([*static, *played]))),
        notes=(*notes(room, found), *doubts),
        players=found.players,
        configurations=found.configurations,
        complete=found.complete,
    )


def _impossible(found: Explored) -> tuple[list[Finding], tuple[str, ...]]:
    """Return what never happens, and a note if that is unknown. If a cheap exploration suggests a
    finding, a thorough one checks it."""
    if not found.exact:
        return [], (UNKNOWN,)
    suspected = never(found.graphs)
    if found.whole or not suspected:
        return suspected, ()
    graph = found.thorough(until=lambda graph: all(each.disproved(graph) for each in suspected))
    if all(each.disproved(graph) for each in suspected):
        return [], ()
    if not graph.complete:
        return [], (UNKNOWN,)
    return never([*found.graphs, graph]), ()


def _without_echoes(found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings, with only one for a transition whose condition is never true."""
    impossible: list[Span] = []
    for each in found:
        span = each.diagnostic.span
        if each.diagnostic.code == "E0802":
            impossible.append(span)
        echoes = each.diagnostic.code == "W0802" and any(
            _within(other, span) for other in impossible
        )
        if not echoes:
            yield each


def _within(inner: Span, outer: Span) -> bool:
    return (
        inner.file == outer.file
        and (outer.line, outer.column) <= (inner.line, inner.column)
        and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
    )


def _sorted(found: Iterable[Finding]) -> list[Finding]:
    """Sort by place, with errors first in the same place."""
    return sorted(found, key=lambda each: (each.diagnostic.span, each.diagnostic.code))
