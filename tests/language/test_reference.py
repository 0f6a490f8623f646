"""docs/language.md: its rooms are rooms, its tables are those of the code.

Where a table is out of date the failure shows the lines that belong there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from gameroom.chart.people import ABSENCES
from gameroom.language import CODES
from gameroom.language.checks import declarations, states
from gameroom.language.syntax.grammar import reserved
from gameroom.model import Act
from gameroom.model.builtin import COUNTERS, DOINGS, EVENTS, FLAGS, PEOPLE
from gameroom.model.functions import FUNCTIONS
from gameroom.model.policies import KEYS, Key, bounds, default, spelling
from gameroom.model.words import listed
from tests.language.texts import SKIRMISH, codes, good, room

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(room|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = [(match.group(1), match.group(2)) for match in BLOCK.finditer(TEXT)]


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_checks_clean(kind: str, text: str) -> None:
    """A block that is no whole file holds members of a room that extends the standard one."""
    whole = text if text.startswith("language") else room(text)
    good(whole, "example.room" if kind == "room" else "example.room.yaml")


def test_there_are_examples_of_both_spellings() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"room", "yaml"}


@pytest.mark.parametrize("table", [COUNTERS, DOINGS, EVENTS, FLAGS, PEOPLE])
def test_tables_of_words(table: dict[str, str]) -> None:
    assert "\n".join(f"| `{word}` | {doc} |" for word, doc in table.items()) in TEXT


def test_the_functions() -> None:
    for name, function in FUNCTIONS.items():
        numbers = ["score", "3"][: function.parameters]
        assert f"| `{name}({', '.join(numbers)})` | {function.doc} |" in TEXT


def test_the_table_of_policies() -> None:
    rows = [
        f"| `{row.policy}` | `{spelling(row.key)}` | `{default(row)}` | {bounds(row)} | {row.doc} |"
        for row in KEYS
    ]
    assert "\n".join(rows) in TEXT


@pytest.mark.parametrize("row", KEYS, ids=lambda row: f"{row.policy} {row.key}")
def test_the_bounds_of_a_policy_can_be_written(row: Key) -> None:
    if row.kind == "switch":
        return
    low, high = re.findall(r"`([^`]*)` to `([^`]*)`", bounds(row))[0]
    form = {"gather": "within {}", "times": "{0}..{0}", "ahead": "{}"}.get(row.kind, "{}")
    for value in (low, high):
        text = f"policy {row.policy} {{ {spelling(row.key)} = {form.format(value)} }}"
        assert not {"E0503", "E0506"} & set(codes(room(text))), value


def test_the_table_of_codes() -> None:
    rows = [f"| `{code}` | {told.title} |" for code, told in CODES.items()]
    assert "\n".join(rows) in TEXT


def test_the_reserved_words() -> None:
    assert " ".join(f"`{word}`" for word in sorted(reserved())) in TEXT


def test_the_glossary_has_all_actions() -> None:
    glossary = (PAGE.parent / "glossary.md").read_text(encoding="utf-8")
    verbs = get_args(get_type_hints(Act)["verb"])
    assert f"entered or left: {', '.join(f'`{verb}`' for verb in verbs)} |" in glossary


def test_the_words_that_begin_a_question() -> None:
    assert f"can't be called {listed(declarations.ASKING, 'or')}, because these words" in TEXT


def test_the_flags_that_are_asked_of_everybody() -> None:
    asked = [flag for flag in FLAGS if flag in ABSENCES]
    assert f"Questions with the flags {listed(asked, 'and')} count everybody" in TEXT


def test_the_limits() -> None:
    for number in (
        declarations.NAME_CHARACTERS_MAX,
        declarations.DECLARATIONS_MAX,
        declarations.SETTING_BYTES_MAX,
        states.STATES_MAX,
        states.TRANSITIONS_MAX,
        states.STATE_DEPTH_MAX,
    ):
        assert re.search(rf"\b{number}\b", TEXT), number


def test_every_construct_of_the_sample_is_explained() -> None:
    for word in set(re.findall(r"\b[a-z]+\b", SKIRMISH.split("scenario")[0])) & reserved():
        assert f"`{word}" in TEXT, word
