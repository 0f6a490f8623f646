"""What was said is said again, with brackets only where they are needed."""

from __future__ import annotations

import pytest

from gameroom.model import (
    Act,
    After,
    Binary,
    Chose,
    Count,
    Duration,
    Expression,
    Flag,
    Literal,
    Name,
    Negative,
    Not,
    On,
    Permission,
    Quorum,
    Target,
    Transition,
)
from gameroom.model.words import duration, expression, permission, transition

A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Binary("and", Binary("or", A, B), C), "(a or b) and c"),
        (Binary("or", A, Binary("and", B, C)), "a or b and c"),
        (Binary("-", A, Binary("-", B, C)), "a - (b - c)"),
        (Binary("<", Binary("*", A, Literal(2)), B), "a * 2 < b"),
        (Not(Binary("==", A, Literal(True))), "not a == true"),
        (Binary("==", Not(A), B), "(not a) == b"),
        (Negative(Binary("+", A, B)), "-(a + b)"),
        (Quorum("majority", "player", Chose("drop")), 'majority of player chose "drop"'),
        (Quorum("percent", "red", Flag("ready"), 60), "60% of red ready"),
        (Quorum("count", "player", Chose("a", "vote"), 2), '2 of player chose vote "a"'),
        (Quorum("no", "player", Flag("missing")), "no player missing"),
        (Count("player", Flag("ready")), "count player ready"),
        (Literal('say "x"'), '"say \\"x\\""'),
    ],
)
def test_expressions(said: Expression, words: str):
    assert expression(said) == words


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        (250, "ms", "250ms"),
        (90_000, "ms", "90s"),
        (600_000, "ms", "10m"),
        (7_200_000, "ms", "2h"),
        (0, "ms", "0ms"),
        (20, "turns", "20 turns"),
    ],
)
def test_durations_in_the_longest_unit_that_divides_them(amount: int, unit: str, words: str):
    assert duration(Duration(amount, unit)) == words  # type: ignore[arg-type]  # from the table


def test_a_whole_transition():
    said = Transition(
        On("round_over"),
        Binary("<", Name("rounds"), Literal(2)),
        (Act("set", "rounds", Binary("+", Name("rounds"), Literal(1))), Act("announce", "next")),
        Target("running.iterating", "resume"),
        "one more",
    )
    assert transition(said) == (
        'on round_over if rounds < 2 do { set rounds = rounds + 1 announce "next" } '
        '-> resume running.iterating because "one more"'
    )
    assert transition(Transition(After(Duration(3000, "ms")))) == "after 3s"


def test_a_permission():
    said = Permission("allow", ("move", "build"), ("player", "host"))
    assert permission(said) == "allow move, build from player, host"
