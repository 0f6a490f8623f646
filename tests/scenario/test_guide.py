"""docs/scenarios.md: its rooms, scenarios, stories and events do what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from click.testing import CliRunner

from gameroom import language
from gameroom.cli.trace import trace
from gameroom.language import Loaded
from gameroom.model import Step
from gameroom.model.builtin import FLAGS
from gameroom.roomfile import chart_of
from gameroom.scenario import Outcome, as_text, run, scenarios_of

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


(DUEL,) = blocks("room")
ROOM = DUEL[: DUEL.index("scenario ")]


def loaded(text: str) -> Loaded:
    found = language.load(text, name="duel.room", resolve=language.shipped)
    assert found.ok, language.as_text(found.diagnostics, found.sources)
    return found


def outcome(found: Loaded) -> Outcome:
    chart = chart_of(found)
    assert chart is not None
    (scenario,) = scenarios_of(found)
    return run(chart, scenario)


@pytest.mark.parametrize("text", [DUEL[len(ROOM) :], *blocks("scenario")], ids=str.splitlines)
def test_every_scenario_holds(text: str) -> None:
    found = loaded(ROOM + text)
    done = outcome(found)
    assert done.failure is None, as_text(done.scenario, done.failure, found.sources)


def test_the_story_is_what_would_be_told() -> None:
    found = loaded(DUEL.replace("wait 20 turns", "wait 10 turns"))
    done = outcome(found)
    assert done.failure is not None
    (story,) = blocks("text")
    assert story == as_text(done.scenario, done.failure, found.sources) + "\n"


def test_the_events_can_be_traced(tmp_path: Path) -> None:
    (tmp_path / "duel.room").write_text(DUEL)
    (events,) = blocks("json")
    result = CliRunner().invoke(
        trace, [str(tmp_path / "duel.room")], input=events, standalone_mode=False
    )
    assert result.exception is None, result.exception
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert [line["event"] for line in lines] == [
        "begin", "join", "join", "ready", "ready", "loaded", "loaded", "surrender",
    ]  # fmt: skip
    assert lines[-1]["status"] == "ended"
    keys = {key for line in lines for key in line} | {
        key for line in lines for micro in line["microsteps"] for key in micro
    }
    assert [key for key in sorted(keys) if f"`{key}`" not in TEXT] == []


def test_every_line_of_the_language_is_told() -> None:
    """Each verb as it is written, in the singular or the plural."""
    written = {
        "given": "given players",
        "silent": "is silent",
        "state": "expect running",
        "not_state": "expect not",
        "that": "expect that",
        "is": "is host",
        "is_not": "are not ready",
        "refused": "expect refused",
        "told": "expect told",
    }
    for verb in get_args(get_type_hints(Step)["verb"]):
        said = written.get(verb, verb)
        assert said in TEXT or said.removesuffix("s") in TEXT, verb


def test_every_flag_is_told() -> None:
    assert [flag for flag in FLAGS if f"`{flag}`" not in TEXT] == []
