"""What every construct of the language says."""

from __future__ import annotations

import pytest

from gameroom.model import (
    Act,
    After,
    BoolType,
    ChoiceType,
    Duration,
    Field,
    IntType,
    ListType,
    Literal,
    On,
    Range,
    Role,
    Spectators,
    Step,
    StringType,
    Target,
    Type,
)
from gameroom.model.builtin import DOINGS, EVENTS
from tests.language.texts import alone, codes, good, loaded, room, state

SOFT = (
    "resume", "all", "of", "ready", "chose", "majority", "internal", "within", "any", "no",
    "count", "enough", "done", "is", "size", "delay", "none", "agreed", "by", "iterates",
    "deep", "int", "string", "bool", "list", "set", "raise", "drop", "unready", "pass", "repair",
    "announce", "per", "second", "turns", "given", "wait", "expect", "sends", "silent", "that",
    "refused", "extends", "null",
)  # fmt: skip


@pytest.mark.parametrize("word", SOFT)
def test_a_soft_word_is_also_a_name(word: str) -> None:
    """As a state, a target, a field; and as a request where the room has no such doing."""
    body = (
        f"extend state setup {{ state {word} {{ after 5m -> {word}  after 9m -> {word}x }}"
        f" state {word}x {{ after 5m -> {word} }} }}"
        f" command c {{ {word}: bool }}"
    )
    built = good(room(body))
    assert state(built, f"setup.{word}").transitions[0].target == Target(word)
    assert built.commands[0].fields == (Field(word, BoolType()),)
    if word not in (*DOINGS, *EVENTS):
        requests = good(room(f"request {word}")).requests
        assert word in [each.name for each in requests]


@pytest.mark.parametrize("word", ["state", "on", "team", "if", "and", "true", "from"])
def test_a_reserved_word_is_never_a_name_but_of_a_field(word: str) -> None:
    assert codes(room(f"request {word}")) == ["E0103"]
    built = good(room(f"command c {{ {word}: bool }}"))
    assert built.commands[0].fields[0].name == word


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("int -5..5", IntType(-5, 5)),
        ("string(1..16)", StringType(1, 16)),
        ("bool", BoolType()),
        ('"a"', ChoiceType(("a",))),
        ('"a" | "b \\u00e9"', ChoiceType(("a", "b é"))),
        ("list(0..4) of int 0..9", ListType(IntType(0, 9), 0, 4)),
        ("list(1..2) of list(0..4) of bool", ListType(ListType(BoolType(), 0, 4), 1, 2)),
    ],
)
def test_types(text: str, type_: Type) -> None:
    assert good(room(f"command c {{ f: {text} }}")).commands[0].fields == (Field("f", type_),)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("int", "E0501"),
        ("string", "E0501"),
        ("list of bool", "E0501"),
        ("list(0..4) of string", "E0501"),
        ("int 5..1", "E0502"),
        ("string(-1..4)", "E0502"),
        ("int 0..9007199254740992", "E0503"),
        ('"a" | "a"', "E0306"),
        ("string(0..10001)", "E0508"),
        ("list(0..5000) of int 0..999", "E0508"),
    ],
)
def test_types_have_a_size(text: str, code: str) -> None:
    assert code in codes(room(f"command c {{ f: {text} }}"))


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("250ms", Duration(250, "ms")),
        ("3s", Duration(3_000, "ms")),
        ("10m", Duration(600_000, "ms")),
        ("2h", Duration(7_200_000, "ms")),
        ("20 turns", Duration(20, "turns")),
    ],
)
def test_durations(text: str, duration: Duration) -> None:
    built = good(room(f"extend state setup.gathering {{ after {text} -> ended }}"))
    assert state(built, "setup.gathering").transitions[0].trigger == After(duration)


@pytest.mark.parametrize("text", ["10", "10min", "1.5s", "20turns", "s", "-3s"])
def test_no_durations(text: str) -> None:
    assert codes(room(f"extend state setup.gathering {{ after {text} -> ended }}"))


def test_people() -> None:
    built = good(room("players 3..5  spectators none  team red size 0..2  role captain is red"))
    assert built.players == Range(3, 5)
    assert built.spectators == Spectators(0, 0)
    assert built.roles[-1] == Role("captain", "red")
    assert good(room("spectators 0..7")).spectators == Spectators(0, 7)


def test_a_parallel_with_regions_histories_and_done() -> None:
    built = good(
        alone(
            "initial fight  on done(fight) -> ended\n"
            "parallel fight iterates {\n"
            "  region weather { initial calm\n"
            "    history back deep -> calm\n"
            "    state calm { after 5 turns -> storm }\n"
            "    state storm { after 5 turns -> over }\n"
            "    final over }\n"
            "  region day { initial first  state first { after 9 turns -> last }  final last }\n"
            "}"
        )
    )
    weather = state(built, "running.fight.weather")
    assert (weather.kind, weather.initial) == ("region", "calm")
    back = state(built, "running.fight.weather.back")
    assert (back.kind, back.deep, back.default) == ("history", True, Target("calm"))
    assert state(built, "running").transitions[1].trigger == On("done(fight)")
    assert state(built, "running.fight").iterates


def test_what_a_transition_says() -> None:
    built = good(
        room(
            "var n: int 0..9 = 0\n"
            "extend state running.iterating {\n"
            "  initial a\n"
            '  state a { on pause -> resume running  on lag do { announce "slow" }\n'
            "    on leave if n > 1 do { set n = 0 raise over pass host drop lost unready host }\n"
            '      -> b because "gone" }\n'
            "  state b { on over -> a }\n"
            "  on recover -> internal b\n"
            "  entry do { set n = 1 }\n"
            "  exit do { }\n"
            "}"
        )
    )
    a = state(built, "running.iterating.a")
    assert a.transitions[0].target == Target("running", "resume")
    assert (a.transitions[1].target, a.transitions[1].actions) == (None, (Act("announce", "slow"),))
    assert [(act.verb, act.name) for act in a.transitions[2].actions] == [
        ("set", "n"), ("raise", "over"), ("pass", "host"), ("drop", "lost"), ("unready", "host"),
    ]  # fmt: skip
    assert a.transitions[2].because == "gone"
    outer = state(built, "running.iterating")
    assert outer.transitions[0].target == Target("b", "internal")
    assert outer.entry == (Act("set", "n", Literal(1)),)


def test_every_step_of_a_scenario() -> None:
    text = room(
        'setting map: "a" | "b" = "a"  command move { to: list(1..2) of int 0..9  far: bool }'
        "  signal over { winner: int -1..7 } agreed by majority"
    ) + (
        'scenario "s" {\n  given players ann, bob\n  ann sends ready\n  bob sends leave\n'
        '  ann sets map = "b"\n  cat joins\n  ann, bob are silent for 3 turns\n  cat drops\n'
        "  cat returns\n  cat leaves\n  ann sends move { to: [1, 2], far: true }\n"
        "  ann, bob raise over { winner: -1 }\n  wait 250ms\n  expect setup.gathering\n"
        '  expect that players == 2 and in(setup)\n  expect refused\n  expect refused "no"\n}\n'
    )
    result = loaded(text)
    assert result.diagnostics == ()
    assert result.file is not None
    steps = result.file.scenarios[0].steps
    assert [step.verb for step in steps] == [
        "given", "sends", "sends", "sets", "joins", "silent", "drops", "returns", "leaves",
        "sends", "raises", "wait", "state", "that", "refused", "refused",
    ]  # fmt: skip
    assert steps[5] == Step("silent", ("ann", "bob"), amount=3, unit="turns")
    assert steps[9] == Step("sends", ("ann",), "move", {"to": [1, 2], "far": True})
    assert steps[10] == Step("raises", ("ann", "bob"), "over", {"winner": -1})
    assert steps[15] == Step("refused", name="no")


def test_doc_comments_attach_to_the_next_declaration() -> None:
    built = good(
        "language 1\n# not this\n## A room\n##   of two lines.\n\n"
        'use "standard"\n## Mine.\n## Truly.\nroom "r" extends standard {\n'
        "  request vote ## Kept\n  # between\n  ## for the next.\n"
        "  command c {\n    ## How far.\n    far: bool }\n}\n"
    )
    assert built.doc == "Mine.\nTruly."
    assert built.commands[0].doc == "Kept\nfor the next."
    assert built.commands[0].fields[0].doc == "How far."
    assert next(each for each in built.requests if each.name == "vote").doc == ""


def test_layout_is_free() -> None:
    text = room("players 2..3 request vote state x { after 1s -> ended }")
    assert good(text) == good(text.replace(" ", "\n\t ").replace("\n", "\r\n"))


def test_spans_are_the_smallest_that_say_it() -> None:
    text = room("  allow chat,\n    leave from host, anyone")
    permission = good(text).root.permissions[0]
    first, second = permission.name_spans
    assert (first.line, first.column, first.end_column) == (4, 9, 13)
    assert (second.line, second.column, second.end_column) == (5, 5, 10)
    assert permission.who_spans[1].column == 22


def test_restating_a_single_member_is_told() -> None:
    for body in ("players 1..2 players 1..2", "spectators none spectators none"):
        assert codes(room(body)) == ["E0306"]
    twice = "initial a initial b state a { } state b { }"
    assert codes(room(f"extend state running.iterating {{ {twice} }}")) == ["E0306"]
