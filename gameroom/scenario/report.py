"""Renders the results of scenarios, as text for people and as JSON for programs.

The JSON has a version; docs/scenarios.md describes its shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from gameroom import language
from gameroom.language.rewrite.phrases import step as line
from gameroom.scenario.coverage import Coverage, told
from gameroom.scenario.failure import Failure, as_text, seconds
from gameroom.scenario.run import Done, Outcome
from gameroom.scenario.suite import Suite

JSON_VERSION = 1


def text(suites: Sequence[Suite], *, verbose: bool, with_coverage: bool) -> str:
    """Return the results by file and scenario, with the story after each failed scenario."""
    parts: list[str] = []
    for suite in suites:
        parts += _suite(suite, verbose)
        if with_coverage and suite.reached is not None:
            parts += ["", told(suite.reached, suite.name)]
        parts.append("")
    return "\n".join([*parts, _summary(suites)])


def _suite(suite: Suite, verbose: bool) -> Iterator[str]:
    yield suite.name
    if suite.loaded.diagnostics:
        yield ""
        yield language.as_text(suite.loaded.diagnostics, suite.loaded.sources)
    elif not suite.outcomes:
        yield "  no scenarios"
    for outcome in suite.outcomes:
        yield from _outcome(suite, outcome, verbose)


def _outcome(suite: Suite, outcome: Outcome, verbose: bool) -> Iterator[str]:
    verdict = "ok   " if outcome.failure is None else "FAIL "
    yield f"  {verdict} {outcome.scenario.name}{_length(outcome)}"
    if verbose:
        yield from (f"      {_step(done)}" for done in outcome.done)
    if outcome.failure is not None:
        yield ""
        story = as_text(outcome.scenario, outcome.failure, suite.loaded.sources)
        yield "\n".join(f"    {part}".rstrip() for part in story.split("\n"))
        yield ""


def _length(outcome: Outcome) -> str:
    last: Done | Failure | None = outcome.failure or (outcome.done[-1] if outcome.done else None)
    if last is None:
        return ""
    turns = "1 turn" if last.generation == 1 else f"{last.generation} turns"
    return f"  ({seconds(last.at)}, {turns})"


def _step(done: Done) -> str:
    note = f"  ({done.note})" if done.note else ""
    where = " and ".join(done.states)
    return f"{seconds(done.at):>9}  turn {done.generation:<4} {line(done.step)} [{where}]{note}"


def _summary(suites: Sequence[Suite]) -> str:
    files = "1 file" if len(suites) == 1 else f"{len(suites)} files"
    count = sum(len(suite.outcomes) for suite in suites)
    failed = sum(suite.failed for suite in suites)
    broken = sum(suite.reached is None for suite in suites)
    scenarios = "1 scenario" if count == 1 else f"{count or 'no'} scenarios"
    verdict = f"{failed} failed" if failed else "all passed"
    said = f"{scenarios} in {files}" + (f": {verdict}" if count else "")
    problems = "1 file has" if broken == 1 else f"{broken} files have"
    return f"{said}; {problems} errors" if broken else said


def as_json(suites: Sequence[Suite]) -> str:
    """Return `{"version": 1, "files": [...]}`. Times are in virtual milliseconds."""
    body = {"version": JSON_VERSION, "files": [_plain_suite(suite) for suite in suites]}
    return json.dumps(body, indent=2, ensure_ascii=False)


def _plain_suite(suite: Suite) -> dict[str, object]:
    reached = suite.reached
    return {
        "file": suite.name,
        "diagnostics": [language.as_plain(each) for each in suite.loaded.diagnostics],
        "scenarios": [_plain_outcome(suite, outcome) for outcome in suite.outcomes],
        "coverage": None if reached is None else _plain_coverage(reached),
    }


def _plain_outcome(suite: Suite, outcome: Outcome) -> dict[str, object]:
    return {
        "name": outcome.scenario.name,
        "line": outcome.scenario.span.line,
        "passed": outcome.passed,
        "steps": [
            {
                "line": done.step.span.line,
                "step": line(done.step),
                "at": done.at,
                "turn": done.generation,
                "states": list(done.states),
                "note": done.note,
            }
            for done in outcome.done
        ],
        "failure": None
        if outcome.failure is None
        else {
            "line": outcome.failure.step.span.line,
            "column": outcome.failure.step.span.column,
            "step": line(outcome.failure.step),
            "why": outcome.failure.why,
            "at": outcome.failure.at,
            "turn": outcome.failure.generation,
            "states": list(outcome.failure.states),
            "story": as_text(outcome.scenario, outcome.failure, suite.loaded.sources),
        },
    }


def _plain_coverage(reached: Coverage) -> dict[str, object]:
    return {
        "percent": reached.percent,
        "states": reached.states,
        "states_missed": list(reached.states_missed),
        "transitions": reached.transitions,
        "transitions_missed": [
            {"source": each.source, "text": each.text, "file": each.file, "line": each.line}
            for each in reached.transitions_missed
        ],
    }
