"""What a macrostep did, step by step, as printable values.

A trace is recorded only on request. For every transition that was considered it says whether it was
enabled and, if not, why: the text of the guard with the values that it read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from gameroom.chart.expressions import EvaluationScope, Facts, compile_expression
from gameroom.chart.mistakes import Wrong
from gameroom.chart.people import tally
from gameroom.chart.tables import Chart, TransitionPlan
from gameroom.model import (
    Chose,
    Expression,
    Literal,
    Quorum,
    Value,
    When,
    words,
)
from gameroom.model.expressions import operands, parts
from gameroom.model.paths import resolve

Verdict = OneOf["enabled", "guard", "false", "fired", "error"]

Here = tuple[int, Sequence[Value], Mapping[str, Value], Facts]
"""The arguments of a guard: configuration, data, fields, world."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A transition that was considered, with its verdict.

    enabled: it is selected. guard: its `if` is false. false: the condition of a `when` is false.
    fired: the condition of a `when` has been true since it fired. error: a guard or condition has
    no value.
    """

    transition: int
    source: str
    text: str
    verdict: Verdict
    why: str = ""

    def __str__(self) -> str:
        because = f" ({self.why})" if self.why else ""
        return f"{self.source or 'the room'}: {self.text}: {self.verdict}{because}"


@dataclass(frozen=True, slots=True)
class Removed:
    """A selected transition that lost a conflict to another."""

    transition: int
    winner: int

    def __str__(self) -> str:
        return f"transition {self.transition} gave way to {self.winner}"


@dataclass(frozen=True, slots=True)
class MicroStep:
    """One selection of transitions and its result. Nothing was taken if `taken` is empty.

    event: the event that was handled; "" for `when`s.
    actions: in the order in which they ran, with what they set or why they failed.
    """

    event: str
    considered: tuple[Considered, ...] = ()
    taken: tuple[int, ...] = ()
    removed: tuple[Removed, ...] = ()
    exited: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    entered: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self.event or "when"]
        lines += [f"  ? {considered}" for considered in self.considered]
        lines += [f"  x {removed}" for removed in self.removed]
        lines += [f"  - {path}" for path in self.exited]
        lines += [f"  ! {action}" for action in self.actions]
        lines += [f"  + {path}" for path in self.entered]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class MacroStep:
    """An event and everything that followed from it, until nothing more could happen."""

    event: str
    microsteps: tuple[MicroStep, ...]
    status: OneOf["live", "ended", "faulted"]

    def __str__(self) -> str:
        steps = "\n".join(str(step) for step in self.microsteps)
        return f"{self.event or 'time passes'}\n{_indented(steps)}\n=> {self.status}"


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())


class Look:
    """Records one microstep: the transitions that were considered, and the actions that ran."""

    __slots__ = ("actions", "considered")

    def __init__(self) -> None:
        self.considered: list[Considered] = []
        self.actions: list[str] = []

    def consider(self, considered: Considered) -> None:
        """Add a transition once, even if several leaves consider it."""
        if considered not in self.considered:
            self.considered.append(considered)

    def done(
        self, event: str, plan: TransitionPlan | None = None, chart: Chart | None = None
    ) -> MicroStep:
        if plan is None or chart is None:
            return MicroStep(event, tuple(self.considered))
        return MicroStep(
            event=event,
            considered=tuple(self.considered),
            taken=plan.transitions,
            removed=tuple(Removed(loser, winner) for loser, winner in plan.removed),
            exited=tuple(chart.states[state].path for state in plan.exited),
            actions=tuple(self.actions),
            entered=tuple(chart.states[state].path for state in plan.entered if state),
        )


def reason(wrong: Exception) -> str:
    """Return in words why an expression or action failed."""
    return "division by zero" if isinstance(wrong, ZeroDivisionError) else str(wrong)


def considered(
    chart: Chart,
    transition: int,
    verdict: Verdict,
    here: Here,
) -> Considered:
    """Describe a transition that was considered."""
    said = chart.transitions[transition].said
    source = chart.states[chart.transitions[transition].source].path
    trigger = said.trigger
    condition = trigger.condition if isinstance(trigger, When) else None
    asked = said.guard if verdict == "guard" else condition
    if verdict == "error":
        asked = said.guard or condition
    why = ""
    if asked is not None and verdict != "enabled":
        why = explain(chart, source, asked, here)
    return Considered(transition, source, words.transition(said), verdict, why)


def explain(chart: Chart, source: str, asked: Expression, here: Here) -> str:
    """Describe the value of an expression. Examples: `rounds < 2 is false: rounds is 2`,
    `all player ready is false: 1 of 3`."""
    scope = scope_at(chart, source)
    said = f"{words.expression(asked)} is {_value(asked, scope, here)}"
    if isinstance(asked, Quorum):
        return f"{said}: {_counted(asked, here)}"
    leaves = dict.fromkeys(leaf for leaf in _leaves(asked) if leaf != asked)
    parts = ", ".join(_part(leaf, scope, here) for leaf in leaves)
    return f"{said}: {parts}" if parts else said


def _part(leaf: Expression, scope: EvaluationScope, here: Here) -> str:
    said = f"{words.expression(leaf)} is {_value(leaf, scope, here)}"
    return f"{said} ({_counted(leaf, here)})" if isinstance(leaf, Quorum) else said


def _counted(quorum: Quorum, here: Here) -> str:
    """Return the counts of a quorum, such as `1 of 3`."""
    world = here[3]
    wanted = quorum.predicate
    requests = {name for person in world.people for name in person.choices}
    if isinstance(wanted, Chose) and wanted.request is not None:
        requests = {wanted.request}
    yes, asked = tally(quorum.who, wanted, tuple(requests))(world.people)
    return f"{yes} of {asked}"


def scope_at(chart: Chart, source: str) -> EvaluationScope:
    """Return the scope of the state at `source`, with an event."""

    def bit(path: str) -> int | None:
        full = resolve(chart.room.root, source, path)
        return None if full is None else 1 << chart.by_path[full]

    return EvaluationScope(chart.room, chart.variables, chart.settings, bit, event=True)


def _value(asked: Expression, scope: EvaluationScope, here: Here) -> str:
    try:
        return words.scalar(compile_expression(asked, scope).ask(*here))
    except (Wrong, ZeroDivisionError) as wrong:
        return f"an error, {reason(wrong)}"


def _leaves(asked: Expression) -> Iterator[Expression]:
    """Return the operands that are not constants, from left to right."""
    return (one for one in parts(asked) if not operands(one) and not isinstance(one, Literal))
