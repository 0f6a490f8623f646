"""Fixes: only what surely was meant, and never a file that is worse than before."""

from __future__ import annotations

import pytest

from gameroom.language import load, shipped
from gameroom.language.rewrite.apply_fixes import edited
from tests.language.texts import SKIRMISH, SKIRMISH_YAML, loaded, repaired, room


def mended(text: str, name: str = "example.room") -> str:
    return repaired(text, name).text


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("reqest vote", "request vote"),
        ("players 8..2", "players 2..8"),
        ("request vote;", "request vote"),
        ("extend state setup { when players = 3 -> running }",
         "extend state setup { when players == 3 -> running }"),
        ("extend state setup.gatering { }", "extend state setup.gathering { }"),
        ("extend state setup.gathering { after 5m -> startin }",
         "extend state setup.gathering { after 5m -> starting }"),
        ("extend state setup { allow configur from hst }",
         "extend state setup { allow configure from host }"),
        ("extend state setup { when all player redy -> running }",
         "extend state setup { when all player ready -> running }"),
        ("policy lag { pause aftr = 3s }", "policy lag { pause after = 3s }"),
        ("extend state setup { extend stat starting { after 9.5m -> ended } }",
         "extend state setup { extend state starting { after 9.5m -> ended } }"),
    ],
    ids=range(10),
)  # fmt: skip
def test_slips(wrong: str, right: str) -> None:
    assert mended(room(wrong)) == room(right)


def test_a_missing_brace_at_the_end() -> None:
    text = room("  state x {\n    after 1m -> ended").rstrip().removesuffix("}").rstrip()
    done = mended(text)
    assert load(done, name="a.room", resolve=shipped).ok
    assert done.endswith("    after 1m -> ended\n  }\n}")
    assert mended(text + "\n").endswith("    after 1m -> ended\n  }\n}\n")


def test_a_missing_brace_before_the_next_member() -> None:
    text = SKIRMISH.replace('because "nobody started"\n  }', 'because "nobody started"')
    assert text != SKIRMISH
    assert mended(text) == SKIRMISH


def test_the_missing_first_line() -> None:
    assert mended(SKIRMISH.removeprefix("language 1\n")) == SKIRMISH


def test_a_fix_may_bring_to_light_what_was_hidden() -> None:
    """More to read than before, and less that is wrong."""
    text = room("  extend state setup.gathering {\n    after 5m -> x\n    after 6m -> y")
    before, after = (
        load(each, name="a.room", resolve=shipped).diagnostics for each in (text, mended(text))
    )
    assert [each.code for each in before] == ["E0102"]
    assert [each.code for each in after] == ["E0401", "E0401"]


def test_yaml() -> None:
    text = SKIRMISH_YAML.replace("player ready", "player redy").replace("2..8", "8..2")
    assert mended(text, "a.room.yaml") == SKIRMISH_YAML


@pytest.mark.parametrize(
    "body",
    [
        "request state",  # a name is the author's
        "extend state setup.gathering { after 5m -> nowhere }",  # nothing is near
        "command coma { x: bool } command comb { x: bool }"
        " extend state running { allow comc from player }",  # two are as near
        "request vote request vote",
    ],
)
def test_what_has_no_sure_fix_stays(body: str) -> None:
    assert mended(room(body)) == room(body)
    assert not loaded(room(body)).ok


def test_a_fix_that_brings_no_fewer_problems_is_left_out() -> None:
    """`gld` is near to `gold`, but what is said of it fits no number."""
    text = room("setting gold: int 0..9 = 0 extend state setup { when gld -> running }")
    result = repaired(text)
    assert result.text == text
    assert result.applied == ()


def test_fixes_of_the_same_place_are_not_mixed() -> None:
    problem = loaded(room("players 8..2")).diagnostics[0]
    assert edited(room("players 8..2"), [problem.fixes[0]] * 2) is None
