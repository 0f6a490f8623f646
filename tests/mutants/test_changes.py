"""Mutants: what is changed, what is left alone, and a key that survives line moves."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.changes import mutants


def made(text: str) -> set[str]:
    """The whole module as each mutant has it."""
    return {ast.unparse(mutant.tree()) for mutant in mutants("gameroom.sample", text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", {"a <= b"}),
        ("a == b != c", {"a != b != c", "a == b == c"}),
        ("a in b", {"a not in b"}),
        ("a is None", {"a is not None"}),
        ("a + b", {"a - b"}),
        ("a << b & c", {"a >> b & c", "a << b | c"}),
        ("a and b and c", {"b and c", "a and c", "a and b"}),
        ("not a", {"a"}),
        ("3", {"4"}),
        ("True", {"False"}),
        ("'word'", {"'XXword'"}),
        ("b'\\0'", {"b'XX\\x00'"}),
        ("any(a)", {"all(a)"}),
        ("a if b else c", {"a if not b else c"}),
        ("[a for a in b if a]", {"[a for a in b if not a]"}),
    ],
)
def test_an_expression_changes_in_one_place(text: str, expected: set[str]) -> None:
    assert made(f"x = {text}") == {f"x = {one}" for one in expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(a)", {"pass"}),
        ("a.b = c", {"pass"}),
        ("a += b", {"pass", "a -= b"}),
        ("del a[b]", {"pass"}),
        ("raise Error(a)", {"pass"}),
        ("def f(a):\n    return a", {"def f(a):\n    return None"}),
        ("def f(a):\n    return", {"def f(a):\n    pass"}),
        ("def f(a=1):\n    pass", {"def f(a=2):\n    pass"}),
        ("while a:\n    break", {"while not a:\n    break", "while a:\n    pass"}),
        (
            "match a:\n    case 1 if b:\n        pass",
            {
                "match a:\n    case 2 if b:\n        pass",
                "match a:\n    case 1 if not b:\n        pass",
            },
        ),
    ],
)
def test_a_statement_changes_in_one_place(text: str, expected: set[str]) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "from a import b",
        "x: dict[str, int]",
        '"""A docstring."""',
        "assert a == 1",
        "__slots__ = ('a', 'b')",
        "X = Callable[[int], 'Y'] | None",
        "X = Left | Right",
        "x = 'words for people'",
        "x = f'{a}: words'",
        "@dataclass(frozen=True)\nclass A:\n    pass",
        "if TYPE_CHECKING:\n    a = 1",
        "x = isinstance(a, Left | Right)",
        "def f(a: 'A') -> 'B':\n    pass",
    ],
)
def test_some_things_are_left_alone(text: str) -> None:
    assert made(text) == set()


def test_a_key_survives_line_moves_and_names_one_mutant() -> None:
    text = "def f(a):\n    return a + 1 + 1\n"
    keys = [mutant.key for mutant in mutants("gameroom.sample", text)]
    assert len({*keys}) == len(keys) == 5
    assert [one.key for one in mutants("gameroom.sample", "import b\n\n\n" + text)] == keys


def test_the_lines_of_a_change_are_those_of_its_statement_without_its_body() -> None:
    text = "if (a\n    and b):\n    c = 1\n"
    lines = {mutant.key[-1]: (mutant.first, mutant.last) for mutant in mutants("m", text)}
    assert lines == {"a": (1, 2), "b": (1, 2), "t": (1, 2), "2": (3, 3)}
