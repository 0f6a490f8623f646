"""What goes into a chart and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gameroom.model import Value


@dataclass(frozen=True, slots=True)
class Person:
    """What guards may know of one person.

    kinds: `player` or `spectator`, and the named roles and the team.
    flags: those of model.Flag that hold.
    choices: by request, the last `choice` that was accepted.
    """

    kinds: frozenset[str]
    flags: frozenset[str] = frozenset()
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChartEvent:
    """One external event. `people` and `settings` replace what the chart knew, None keeps it.

    now: milliseconds; generation: the last closed turn. Neither ever falls.
    """

    name: str
    now: int = 0
    generation: int = 0
    fields: Mapping[str, Value] = field(default_factory=dict)
    people: tuple[Person, ...] | None = None
    settings: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class TransitionTaken:
    """One microstep's transition was taken: ids into the chart's tables."""

    transition: int
    event: str
    exited: tuple[int, ...]
    entered: tuple[int, ...]
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Did:
    """For the room to carry out: drop, unready, pass, repair, announce, or `close` a ballot,
    whose choices are forgotten because a state that allows it was exited."""

    verb: str
    name: str


@dataclass(frozen=True, slots=True)
class ChartEnded:
    """A final state of the root was entered."""

    state: int
    because: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """The chart could not go on (the limit of eventless microsteps was passed)."""

    reason: str


Effect = TransitionTaken | Did | ChartEnded | Fault
