"""The story of a failed line: what was expected, the state of the room, and why.

`failure` collects it from a stage as plain values, and `as_text` renders it. Knows no files: the
caller passes the sources of the rooms by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gameroom import chart as charts
from gameroom.chart import Chart
from gameroom.chart.trace import Considered
from gameroom.language.rewrite.phrases import step as line
from gameroom.model import Duration, Scenario, Step, words
from gameroom.scenario.chart_watch import Seen, leaves
from gameroom.scenario.stage import Happening, Refusal, Stage

HAPPENINGS_MAX = 24
ASKED_MAX = 3
WIDTH_MAX = 160
FOR_NEWCOMERS = ("join", "watch")
VERDICTS = {
    "enabled": "yes",
    "guard": "no",
    "false": "not yet",
    "fired": "already taken; the condition has been true since then",
    "error": "it can't be evaluated",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How the chart handled an event: the transitions that were considered, with their verdicts.

    heard: whether a transition handles the event in these states, or anything follows from it.
    Conditions (`when`) are considered in any case.
    """

    at: int
    event: str
    states: tuple[str, ...]
    heard: bool
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A line that failed.

    why: short, for the caret. at, generation, states: time, turn and states at the failure.
    since: the line of the file after which `happened` begins; 0 for the start.
    left_out: how many earlier happenings are omitted.
    timers: the running timers, with the remaining time. allowed: by person, what was allowed.
    away: people who are silent, disconnected or gone, and signals that not everybody has raised.
    """

    step: Step
    why: str
    at: int
    generation: int
    states: tuple[str, ...]
    since: int
    happened: tuple[Happening, ...]
    left_out: int
    asked: tuple[Asked, ...]
    timers: tuple[str, ...]
    allowed: tuple[tuple[str, tuple[str, ...]], ...]
    away: tuple[str, ...]
    refusal: Refusal | None


def failure(stage: Stage, step: Step, why: str, since: int) -> Failure:
    """Return the story of `step`, which failed on this stage."""
    happened = tuple(stage.happened)
    return Failure(
        step=step,
        why=why,
        at=stage.now,
        generation=stage.room.generation,
        states=stage.leaves(),
        since=since,
        happened=happened[-HAPPENINGS_MAX:],
        left_out=max(0, len(happened) - HAPPENINGS_MAX),
        asked=tuple(_asked(stage)),
        timers=tuple(_timers(stage)),
        allowed=() if stage.room.over else tuple(_allowed(stage)),
        away=tuple(_away(stage)),
        refusal=stage.refusal,
    )


def _asked(stage: Stage) -> Iterator[Asked]:
    """Yield the events since the last expectation that was met, or the one event before, latest
    first. Each verdict of a condition is included once."""
    told: set[Considered] = set()
    latest = [seen for seen in reversed(stage.seen) if seen.step.event not in ("begin", "")]
    for seen in latest[: max(1, min(stage.fresh, ASKED_MAX))]:
        asked = _questions(seen, told)
        told.update(asked.considered)
        yield asked


def _questions(seen: Seen, told: set[Considered]) -> Asked:
    """Return the last verdict of every transition in this macrostep."""
    step = seen.step
    answers = {
        considered.transition: considered
        for micro in step.microsteps
        for considered in micro.considered
        if considered.verdict not in ("false", "fired") or considered not in told
    }
    return Asked(
        seen.at,
        step.event,
        leaves(seen.before),
        any(
            micro.taken or (micro.event == step.event and micro.considered)
            for micro in step.microsteps
        ),
        tuple(answers[key] for key in sorted(answers)),
    )


def _timers(stage: Stage) -> Iterator[str]:
    snapshot, chart = stage.room.chart_driver.snapshot, stage.chart
    for number, at in snapshot.timers:
        yield f"{_transition(chart, number)} ({_left(max(0, at - stage.now))} left)"
    for number, at in snapshot.turn_timers:
        turns = max(0, at - stage.room.generation)
        yield f"{_transition(chart, number)} ({turns} turns left)"


def _transition(chart: Chart, number: int) -> str:
    transition = chart.transitions[number]
    source = chart.states[transition.source].path or "the room"
    return f"{source}: {words.transition(transition.said)}"


def _allowed(stage: Stage) -> Iterator[tuple[str, tuple[str, ...]]]:
    chart_driver = stage.room.chart_driver
    by_doings: dict[tuple[str, ...], list[str]] = {}
    for member in stage.room.people:
        allowed = charts.allowed(stage.chart, chart_driver.snapshot, member.kinds)
        doings = tuple(name for name in allowed if name not in FOR_NEWCOMERS)
        by_doings.setdefault(doings, []).append(member.name)
    for doings, names in by_doings.items():
        yield ", ".join(names), doings


def _away(stage: Stage) -> Iterator[str]:
    for who, client in stage.clients.items():
        if not client.connected:
            yield f"{who} is disconnected"
        elif client.silent_since is not None:
            yield f"{who} has been silent since {seconds(client.silent_since)}"
    for who, reason in stage.gone.items():
        yield f"{who} is gone: {reason}"
    agreed = {signal.name: signal.agreed for signal in stage.chart.room.signals}
    for signal, names in stage.half_raised():
        yield f"`{signal}` (agreed by {agreed[signal]}) was raised only by {' and '.join(names)}"


# -- as text -----------------------------------------------------------------------------


def as_text(scenario: Scenario, failed: Failure, sources: Mapping[str, str]) -> str:
    """Return the whole story. sources: the texts of the files, by the file names in spans."""
    parts = [
        f"scenario {words.scalar(scenario.name)} fails: {failed.why}",
        *_picture(failed, sources),
        "",
        f"at {seconds(failed.at)}, turn {failed.generation}, in {' and '.join(failed.states)}",
        *(f"  {each}" for each in failed.away),
        *_happenings(failed),
        *_answers(failed),
    ]
    if failed.timers:
        parts += ["", "Pending timers:"]
        parts += [f"  {timer}" for timer in failed.timers]
    if failed.refusal is not None:
        parts += _refusal(failed.refusal)
    if failed.allowed:
        parts += ["", "Allowed now:"]
        parts += [f"  {who}: {', '.join(doings) or 'nothing'}" for who, doings in failed.allowed]
    return "\n".join(_clean(part) for part in parts)


def _picture(failed: Failure, sources: Mapping[str, str]) -> Iterator[str]:
    """Yield the source line with its caret, or only the text of the step if there is no source."""
    span = failed.step.span
    lines = sources.get(span.file, "").split("\n")
    if not 1 <= span.line <= len(lines):
        yield f"    {line(failed.step)}"
        return
    text = lines[span.line - 1].rstrip("\r")[:WIDTH_MAX]
    end = span.end_column if span.end_line == span.line else len(text) + 1
    start = min(span.column - 1, len(text))
    marks = "^" * max(1, min(end - 1, len(text)) - start)
    gutter = len(str(span.line))
    blank = "".join("\t" if char == "\t" else " " for char in text[:start])
    yield f"{' ' * gutter}--> {span.file}:{span.line}:{span.column}"
    yield f"{span.line} | {text}"
    yield f"{' ' * gutter} | {blank}{marks}"


def _happenings(failed: Failure) -> Iterator[str]:
    if not failed.happened:
        return
    yield ""
    yield f"What happened after line {failed.since}:" if failed.since else "What happened:"
    if failed.left_out:
        entries = "entry" if failed.left_out == 1 else "entries"
        yield f"  ({failed.left_out} earlier {entries} omitted)"
    for happening in failed.happened:
        first, *rest = happening.text.split("\n")
        yield f"  {seconds(happening.at):>9}  turn {happening.generation:<4} {first}"
        yield from (f"{' ' * 23}{more}" for more in rest)


def _answers(failed: Failure) -> Iterator[str]:
    if not failed.asked:
        return
    yield ""
    yield "How the last events were handled, latest first:"
    for asked in failed.asked:
        yield f"  `{asked.event}` at {seconds(asked.at)}, in {' and '.join(asked.states)}"
        if not asked.heard:
            yield "      no transition in these states handles it"
        for considered in asked.considered:
            yield f"      {considered.source or 'the room'}: {considered.text}"
            why = f": {considered.why}" if considered.why else ""
            yield f"          {VERDICTS[considered.verdict]}{why}"


def _refusal(refusal: Refusal) -> Iterator[str]:
    problem = refusal.problem
    yield ""
    yield f"The last refusal, at {seconds(refusal.at)}: {refusal.what}"
    yield f"  {problem.detail} ({problem.code})"
    if problem.allowed:
        yield f"  allowed then: {', '.join(problem.allowed)}"


def seconds(ms: int) -> str:
    """Return seconds with three decimals: `0.200s`."""
    return f"{ms // 1000}.{ms % 1000:03}s"


def _left(ms: int) -> str:
    """Return a remaining time with a useful precision: `1h 30m`, `28m 59s`, `2.500s`."""
    if ms and ms % 60_000 == 0:
        return words.duration(Duration(ms, "ms"))
    whole = ms // 1000
    if whole >= 3600:
        return f"{whole // 3600}h {whole // 60 % 60}m"
    return f"{whole // 60}m {whole % 60}s" if whole >= 60 else seconds(ms)


def _clean(text: str) -> str:
    """Replace control characters in texts of a room, which could affect the terminal."""
    return "".join(
        char if char in "\t\n" or char.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )
