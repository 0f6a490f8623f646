"""Every code has an example, and every example gives its own code and nothing else."""

from __future__ import annotations

import difflib
import re

import pytest

from gameroom.explore.run import explore
from gameroom.language import CODES, Diagnostic, Source, load, settled, shipped
from gameroom.language.diagnostics.corrected import CORRECTED
from gameroom.language.diagnostics.helps import REMEDIES
from gameroom.model.builtin import COUNTERS, DOINGS, EVENTS, FLAGS, PEOPLE


def resolve(name: str) -> Source | None:
    """A file that uses itself, and one that uses another without end."""
    if name == "example.room":
        return Source(name, CODES["E0302"].example)
    if name.startswith("deeper"):
        return Source(name, f'language 1\nuse "{name}r"\nroom "r" extends deeper {{ }}\n')
    return shipped(name)


BESIDE = {"W0002": ["W0805"]}
"""What is told beside the code itself: an allowance without a reason allows nothing."""


def told(text: str, file: str) -> tuple[Diagnostic, ...]:
    """All problems, of text and of play, as `gameroom check` tells them."""
    result = load(text, name=file, resolve=resolve)
    played = explore(result.room).diagnostics if result.room is not None else ()
    return settled((*result.diagnostics, *played), result.sources, name=file)


def found(text: str, file: str) -> list[str]:
    return [problem.code for problem in told(text, file)]


@pytest.mark.parametrize("code", CODES)
def test_the_example_gives_its_code_alone(code: str) -> None:
    assert found(CODES[code].example, CODES[code].file) == [code, *BESIDE.get(code, ())]


@pytest.mark.parametrize("code", CODES)
def test_the_mended_example_is_clean(code: str) -> None:
    assert found(CORRECTED[code], CODES[code].file) == []


@pytest.mark.parametrize("code", CODES)
def test_the_explanation_stands_alone(code: str) -> None:
    said = CODES[code]
    assert said.title
    assert not said.title.endswith(".")
    assert said.explanation.endswith(".")


TABLES = (COUNTERS, DOINGS, EVENTS, FLAGS, PEOPLE)
LIST = re.compile(r"`?\w+`?(?:, `?\w+`?)+ (?:and|or) `?\w+`?")


@pytest.mark.parametrize("code", CODES)
def test_a_list_of_the_words_of_a_table_has_them_all(code: str) -> None:
    for said in LIST.findall(CODES[code].explanation + "\n" + REMEDIES.get(code, "")):
        words = [word for word in re.findall(r"\w+", said) if word not in ("and", "or")]
        tables = [list(table) for table in TABLES if table.keys() >= {*words}]
        assert not tables or words in tables, said


def test_codes_are_in_order() -> None:
    assert list(CODES) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_mended_example_is_the_failing_one_mended(code: str) -> None:
    wrong, right = CODES[code].example, CORRECTED[code]
    assert len(right) < len(wrong) + 200
    alike = difflib.SequenceMatcher(None, wrong, right, autojunk=False).ratio()
    assert alike > 0.4, f"the two have little in common: {alike:.2f}"


@pytest.mark.parametrize("code", CODES)
def test_every_report_has_a_help_line(code: str) -> None:
    assert all(problem.help for problem in told(CODES[code].example, CODES[code].file))


def test_every_error_has_a_remedy() -> None:
    assert list(REMEDIES) == [code for code in CODES if code[:3] < "E08"]
