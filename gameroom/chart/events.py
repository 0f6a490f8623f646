"""The input and the output of a chart: events and effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gameroom.model import Value


@dataclass(frozen=True, slots=True)
class Person:
    """One person, as guards see them.

    kinds: `player` or `spectator`, the roles and the team.
    flags: the names of the flags (model.Flag) that are true.
    choices: by request, the last accepted `choice`.
    """

    kinds: frozenset[str]
    flags: frozenset[str] = frozenset()
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChartEvent:
    """One external event.

    now: milliseconds. generation: the last closed turn. Neither ever decreases.
    people, settings: replace the values that the chart has; None to keep them.
    """

    name: str
    now: int = 0
    generation: int = 0
    fields: Mapping[str, Value] = field(default_factory=dict)
    people: tuple[Person, ...] | None = None
    settings: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class TransitionTaken:
    """A transition was taken in a microstep. States and transition are numbers in the chart's
    tables."""

    transition: int
    event: str
    exited: tuple[int, ...]
    entered: tuple[int, ...]
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Did:
    """An action for the room: drop, unready, pass, repair or announce, or `close` for a ballot
    whose choices the room forgets because a state that allows it was exited."""

    verb: str
    name: str


@dataclass(frozen=True, slots=True)
class ChartEnded:
    """A final state of the root was entered."""

    state: int
    because: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """The chart cannot continue: a macrostep exceeded the limit of microsteps."""

    reason: str


Effect = TransitionTaken | Did | ChartEnded | Fault
