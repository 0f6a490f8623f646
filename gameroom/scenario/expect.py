"""Checks the expectations of a scenario, and says why one is not met.

It reads a stage and changes nothing. A reason is short, because it is printed next to the caret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gameroom import chart as charts
from gameroom.chart.expressions import compile_condition
from gameroom.chart.mistakes import Wrong
from gameroom.chart.snapshot import frozen
from gameroom.chart.trace import Here, explain, scope_at
from gameroom.lockstep.problem import Problem
from gameroom.model import Expression, Step, Value, words
from gameroom.model.builtin import FLAGS
from gameroom.scenario.stage import Stage


@dataclass(frozen=True, slots=True)
class Answers:
    """The result of the last line that sent something to the room.

    line: its text; "" if there was none. who: the people that it names. refused: by person, why.
    waiting: whether a command waits for a turn to close.
    """

    line: str = ""
    who: tuple[str, ...] = ()
    refused: Mapping[str, Problem] | None = None
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class _ScenarioFacts:
    people: tuple[charts.Person, ...]
    settings: tuple[Value, ...]
    generation: int


def unmet(stage: Stage, step: Step, answers: Answers) -> str | None:
    """Return why the expectation is not met; None if it is met."""
    match step.verb:
        case "state" | "not_state":
            return _state(stage, step)
        case "that":
            assert step.condition is not None, step
            return _condition(stage, step.condition)
        case "is" | "is_not":
            return _people(stage, step)
        case "told":
            return _told(stage, step.name)
        case "refused":
            return _refused(stage, step.name, answers)
    raise AssertionError(step.verb)


def _state(stage: Stage, step: Step) -> str | None:
    if stage.room.chart_driver.is_in(step.name) == (step.verb == "state"):
        return None
    return f"the room is in {_quoted(stage.leaves())}"


def _condition(stage: Stage, condition: Expression) -> str | None:
    room, chart = stage.room, stage.chart
    world = _ScenarioFacts(
        people=room.people.facts(),
        settings=frozen(room.settings[name] for name in chart.settings),
        generation=room.generation,
    )
    snapshot = room.chart_driver.snapshot
    here: Here = (snapshot.configuration, snapshot.data, {}, world)
    try:
        if compile_condition(condition, scope_at(chart, "")).ask(*here):
            return None
    except (Wrong, ZeroDivisionError):
        pass
    return explain(chart, "", condition, here)


def _people(stage: Stage, step: Step) -> str | None:
    wanted = step.verb == "is"
    other = [who for who in step.who if _is(stage, who, step.name) != wanted]
    if not other:
        return None
    names, be = " and ".join(other), "are" if len(other) > 1 else "is"
    out = [who for who in other if not stage.room.member(who)]
    if out and step.name != "gone":
        return "; ".join(
            f"{who} is not in the room: {stage.gone.get(who, 'never joined')}" for who in out
        )
    return f"{names} {be} {'not ' if wanted else ''}{step.name}"


def _is(stage: Stage, who: str, word: str) -> bool:
    member = stage.room.people.members.get(who)
    if word == "gone" or member is None:
        return word == "gone" and member is None
    if word in FLAGS:
        return word in member.flags
    if word == "present":
        return member.seat is not None and member.connected and not member.missing
    return word == "anyone" or word in member.kinds


def _told(stage: Stage, text: str) -> str | None:
    if any(text in told for told in stage.told):
        return None
    if not stage.told:
        return "the previous line announced nothing"
    return "the previous line announced " + ", ".join(words.scalar(told) for told in stage.told)


def _refused(stage: Stage, why: str, answers: Answers) -> str | None:
    refused = answers.refused or {}
    if not answers.line:
        return "nothing has been sent yet"
    if not refused and answers.waiting:
        return f"`{answers.line}` is still waiting: {stage.resting()}"
    if not refused:
        return f"`{answers.line}` was not refused"
    if len(refused) < len(answers.who):
        others = [who for who in answers.who if who not in refused]
        be = "was" if len(others) == 1 else "were"
        return f"{' and '.join(others)} {be} not refused"
    for problem in refused.values():
        if why not in ("", problem.code) and why not in problem.detail:
            return f"the refusal said {words.scalar(problem.detail)} ({problem.code})"
    return None


def _quoted(paths: tuple[str, ...]) -> str:
    return " and ".join(f"`{path}`" for path in paths)
