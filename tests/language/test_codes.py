"""Every code has an example, and every example gives its own code and nothing else."""

from __future__ import annotations

import pytest

from gameroom.language import CODES, Source, load, settled, shipped
from gameroom.language.mended import MENDED
from gameroom.sim.explore import explore


def resolve(name: str) -> Source | None:
    """A file that uses itself, and one that uses another without end."""
    if name == "example.room":
        return Source(name, CODES["E0302"].example)
    if name.startswith("deeper"):
        return Source(name, f'language 1\nuse "{name}r"\nroom "r" extends deeper {{ }}\n')
    return shipped(name)


def found(text: str, file: str) -> list[str]:
    """The codes of all problems, of text and of play, as `gameroom check` tells them."""
    result = load(text, name=file, resolve=resolve)
    played = explore(result.room).diagnostics if result.room is not None else ()
    told = settled((*result.diagnostics, *played), result.sources, name=file)
    return [problem.code for problem in told]


@pytest.mark.parametrize("code", CODES)
def test_the_example_gives_its_code_alone(code: str) -> None:
    assert found(CODES[code].example, CODES[code].file) == [code]


@pytest.mark.parametrize("code", CODES)
def test_the_mended_example_is_clean(code: str) -> None:
    assert found(MENDED[code], CODES[code].file) == []


@pytest.mark.parametrize("code", CODES)
def test_the_explanation_stands_alone(code: str) -> None:
    told = CODES[code]
    assert told.title
    assert not told.title.endswith(".")
    assert told.explanation.endswith(".")


def test_codes_are_in_order() -> None:
    assert list(CODES) == sorted(CODES)
