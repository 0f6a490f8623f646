"""Expressions: precedence, questions about people, and their types."""

from __future__ import annotations

import pytest

from gameroom.model import (
    Binary,
    Call,
    Chose,
    Count,
    EnoughPlayers,
    EventField,
    Expression,
    Flag,
    InState,
    Literal,
    Name,
    Negative,
    Not,
    Quorum,
    When,
)
from tests.language.texts import codes, good, room, state

HEAD = "var a: int 0..9 = 0  var b: int 0..9 = 0  var t: bool = true\n"
VOTE = 'request vote { choice: "wait" | "drop" }  request poll { choice: "drop" | "stay" }\n'


def condition(text: str) -> Expression:
    """The condition of a `when` in setup.gathering."""
    built = good(room(HEAD + VOTE + f"extend state setup.gathering {{ when {text} -> starting }}"))
    trigger = state(built, "setup.gathering").transitions[0].trigger
    assert isinstance(trigger, When)
    return trigger.condition


A, B, T = Name("a"), Name("b"), Name("t")
READY = Flag("ready")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("t or t and t", Binary("or", T, Binary("and", T, T))),
        ("(t or t) and t", Binary("and", Binary("or", T, T), T)),
        ("not t and t", Binary("and", Not(T), T)),
        ("not a == b", Not(Binary("==", A, B))),
        ("a + b * 2 > 3", Binary(">", Binary("+", A, Binary("*", B, Literal(2))), Literal(3))),
        ("a - b - 1 == 0", Binary("==", Binary("-", Binary("-", A, B), Literal(1)), Literal(0))),
        ("a - (b - 1) == 0", Binary("==", Binary("-", A, Binary("-", B, Literal(1))), Literal(0))),
        ("-a < -1", Binary("<", Negative(A), Negative(Literal(1)))),
        ("a % 2 == b / 2", Binary("==", Binary("%", A, Literal(2)), Binary("/", B, Literal(2)))),
        ("60 % a == 0", Binary("==", Binary("%", Literal(60), A), Literal(0))),
        ("max(a, b - 1) > 3", Binary(
            ">", Call("max", (A, Binary("-", B, Literal(1)))), Literal(3))),
        ("-abs(-a) < b", Binary("<", Negative(Call("abs", (Negative(A),))), B)),
        ("players >= players_min", Binary(">=", Name("players"), Name("players_min"))),
        ("in(running.paused)", InState("running.paused")),
        ("enough players", EnoughPlayers()),
        ("all player ready", Quorum("all", "player", READY)),
        ("any host missing", Quorum("any", "host", Flag("missing"))),
        ("no anyone diverged", Quorum("no", "anyone", Flag("diverged"))),
        ("2 of present ready", Quorum("count", "present", READY, 2)),
        ("60% of player ready", Quorum("percent", "player", READY, 60)),
        ('majority of player chose "wait"', Quorum("majority", "player", Chose("wait"))),
        ('any player chose poll "drop"', Quorum("any", "player", Chose("drop", "poll"))),
        ("count player ready * 2 > players", Binary(
            ">", Binary("*", Count("player", READY), Literal(2)), Name("players"))),
        ("true", Literal(True)),
    ],
)  # fmt: skip
def test_what_a_condition_means(text: str, meaning: Expression) -> None:
    assert condition(text) == meaning


def test_an_event_field_is_read_in_guards_and_actions() -> None:
    built = good(
        room(
            "var last: int -1..1023 = -1\n"
            "extend state setup.gathering {"
            " on join if event.seat > 0 do { set last = event.seat } -> starting }"
        )
    )
    guarded = state(built, "setup.gathering").transitions[0]
    assert guarded.guard == Binary(">", EventField("seat"), Literal(0))
    assert guarded.actions[0].value == EventField("seat")


@pytest.mark.parametrize(
    "text",
    [
        "a", "a + t > 1", "not a", "a and t", "t == 1", "t < t", 'a == "x"', "a < b < a",
        "-t == 1", "abs(t) == 1", 'max(a, "x") == 1', "not min(a, b)", "count player ready", '"x"',
    ],
)  # fmt: skip
def test_types_that_do_not_fit(text: str) -> None:
    source = room(HEAD + f"extend state setup.gathering {{ when {text} -> starting }}")
    assert set(codes(source)) == {"E0505"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0 of player ready", "E0504"),
        ("101% of player ready", "E0504"),
        ("all playr ready", "E0404"),
        ("all player redy", "E0407"),
        ('all player chose "x"', "E0408"),
        ('all player chose vote "stay"', "E0408"),
        ('all player chose pause "stay"', "E0402"),
        ("in(running.nowhere)", "E0401"),
        ("event.seat == 1", "E0406"),
        ("c == 1", "E0405"),
        ("mx(a, b) == 1", "E0413"),
        ("max(a) == 1", "E0413"),
        ("abs(a, b) == 1", "E0413"),
        ('kind == "tower"', "E0408"),
    ],
)
def test_names_that_mean_nothing(text: str, code: str) -> None:
    setting = 'setting kind: "house" | "hut" = "hut"\n'
    source = room(
        HEAD + VOTE + setting + f"extend state setup.gathering {{ when {text} -> starting }}"
    )
    assert codes(source) == [code]


def test_a_row_of_operands_has_an_end() -> None:
    long = " and ".join(["t"] * 65)
    source = room(HEAD + f"extend state setup.gathering {{ when {long} -> starting }}")
    assert codes(source) == ["E0107"]


def test_deep_nesting_is_told_not_suffered() -> None:
    deep = "(" * 3000 + "t" + ")" * 3000
    source = room(HEAD + f"extend state setup.gathering {{ when {deep} -> starting }}")
    assert codes(source) == ["E0107"]
    deep = "not " * 3000 + "t"
    source = room(HEAD + f"extend state setup.gathering {{ when {deep} -> starting }}")
    assert codes(source) == ["E0107"]
