"""The rules of `Suppression`, by their numbers: one mistake gives no errors that follow from it.

The second text lacks the mistake, and shows which errors there would be.
"""

from __future__ import annotations

import pytest

from tests.language.texts import alone, codes, room


def yaml(trigger: str) -> str:
    return (
        "language: 1\nuse: [standard]\nroom:\n  name: x\n  extends: standard\n  states:\n"
        f"    extend state setup:\n      transitions:\n        - {trigger}\n"
    )


@pytest.mark.parametrize(
    ("mistake", "errors", "without", "others"),
    [
        pytest.param(
            'language 1\nroom "x" {\n  players 2..3\n  state setup {\n',
            ["E0102", "E0102"],
            'language 1\nroom "x" {\n  players 2..3\n  state setup { }\n}',
            ["E0607", "E0607", "E0604"],
            id="1: braces do not match",
        ),
        pytest.param(
            room("setting map: plains\nextend state setup { when gold > 1 or map == 1 -> ended }"),
            ["E0101", "E0405"],
            room("extend state setup { when gold > 1 or map == 1 -> ended }"),
            ["E0405", "E0405"],
            id="2: the name may be declared in what was skipped",
        ),
        pytest.param(
            alone("setting map: plains\nstate day { state dawn { } }"),
            ["E0101"],
            alone("state day { state dawn { } }"),
            ["E0601", "E0601"],
            id="3: what is missing may be in what was skipped",
        ),
        pytest.param(
            room("extend state setup { when players players >= 2 -> ended }"),
            ["E0101"],
            room("extend state setup { when players -> ended }"),
            ["E0505"],
            id="4: what is left of a member",
        ),
        pytest.param(
            room('setting a: int 0..99999999999999999999 = "x"'),
            ["E0503"],
            room('setting a: int 0..9 = "x"'),
            ["E0504"],
            id="5: what was meant is not what is written",
        ),
        pytest.param(
            yaml('{when: "players > 1; players", to: ended}'),
            ["E0106"],
            yaml('{when: "players > 1 players", to: ended}'),
            ["E0101"],
            id="6: a phrase with a stray character",
        ),
        pytest.param(
            room("request ready"),
            ["E0411"],
            room("request ready_"),
            [],
            id="7: a built-in name that is a doing and an event",
        ),
        pytest.param(
            room("players 1..2\nteam red size 3..4\nsetting map: plains"),
            ["E0101"],
            room("players 1..2\nteam red size 3..4"),
            ["E0504"],
            id="8: a sum of which a part was skipped",
        ),
        pytest.param(
            room("players 1..2\nteam red size 3..400"),
            ["E0504"],
            room("players 1..2\nteam red size 3..4"),
            ["E0504"],
            id="8: a sum of which a part is wrong",
        ),
        pytest.param(
            "language 1\n;", ["E0106"], "language 1\n", ["E0309"], id="9: a file without a room"
        ),
    ],
)
def test_a_consequence_is_not_reported(
    mistake: str, errors: list[str], without: str, others: list[str]
) -> None:
    assert (codes(mistake, _name(mistake)), codes(without, _name(without))) == (errors, others)


def _name(text: str) -> str:
    return "x.room.yaml" if text.startswith("language:") else "x.room"
