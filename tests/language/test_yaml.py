"""The YAML spelling: its scalars, what it refuses, and where its problems are."""

from __future__ import annotations

import pytest

from gameroom.model import IntType, Range
from tests.language.texts import SKIRMISH_YAML, codes, good, loaded, room

NAME = "example.room.yaml"
HEAD = "language: 1\nuse: [standard]\n"


def yaml(body: str) -> str:
    """A room on top of the standard one; `body` is indented by two."""
    return f"{HEAD}room:\n  name: example\n  extends: standard\n{body}\n"


def in_gathering(member: str) -> str:
    return yaml(f"  states:\n    extend state setup.gathering:\n      {member}")


@pytest.mark.parametrize(
    ("scalar", "value"),
    [("on", "on"), ("no", "no"), ("1:30", "1:30"), ('"5"', "5"), ("yes", "yes"), ("0x10", "0x10")],
)
def test_scalars_are_what_they_look_like(scalar: str, value: str) -> None:
    built = good(yaml(f"  settings: {{a: {{type: ['{value}', b], default: {scalar}}}}}"), NAME)
    assert built.settings[0].default == value


@pytest.mark.parametrize(("scalar", "value"), [("010", 10), ("-5", -5), ("+7", 7)])
def test_numbers_are_decimal(scalar: str, value: int) -> None:
    built = good(yaml(f"  settings: {{a: {{type: int -9..99, default: {scalar}}}}}"), NAME)
    assert built.settings[0].default == value


@pytest.mark.parametrize("scalar", ["true", "True", "false"])
def test_truths(scalar: str) -> None:
    built = good(yaml(f"  settings: {{a: {{type: bool, default: {scalar}}}}}"), NAME)
    assert built.settings[0].default is (scalar.lower() == "true")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("language: 1\nroom: &a {name: x}\n", "E0202"),
        ("language: 1\nroom: *a\n", "E0202"),
        ("language: !!int 1\n", "E0202"),
        ("!!python/object:os.system {}\n", "E0202"),
        ("language: 1\nroom: {<<: {name: x}}\n", "E0202"),
        ("language: 1\n---\nlanguage: 1\n", "E0202"),
        ("? [a]\n: 1\n", "E0202"),
        ("language: 1\nlanguage: 1\n", "E0203"),
        ("language: [\n", "E0201"),
        ("", "E0201"),
        ("a: b: c\n", "E0201"),
        ("\x07", "E0201"),
        ('a: "\\UFFFFFFFF"\n', "E0109"),
        ('a: "\\ud800"\n', "E0109"),
        ("language: 2\n", "E0110"),
        ("room: {name: x}\n", "E0110"),
        ("- 1\n", "E0204"),
        ("language: 1\n" + "a: " + "[" * 60 + "]" * 60 + "\n", "E0107"),
        ("language: 1\nuse: [" + "a, " * 20_001 + "]\n", "E0107"),
        ("#" * 300_000, "E0107"),
    ],
)
def test_what_is_refused(text: str, code: str) -> None:
    assert code in codes(text, NAME)


def test_duplicate_keys_show_both_places() -> None:
    problem = loaded(f"{HEAD}room: {{name: a, name: b}}\n", NAME).diagnostics[0]
    assert (problem.span.line, problem.span.column) == (3, 17)
    assert problem.secondary is not None
    assert problem.secondary[0].column == 8


@pytest.mark.parametrize(
    ("member", "line", "column", "code"),
    [
        ("transitions: [{after: 10min, to: ended}]", 8, 29, "E0105"),
        ("transitions: [{when: all player redy, to: ended}]", 8, 39, "E0407"),
        ("transitions: [{when: 'all player redy', to: ended}]", 8, 40, "E0407"),
        ("transitions: [{on: joyn, to: ended}]", 8, 26, "E0403"),
        ("transitions: [{on: join, to: endet}]", 8, 36, "E0401"),
        ("transitions: [{on: join, do: [drop loost], to: ended}]", 8, 42, "E0407"),
        ("transitions: [{on: join, too: ended}]", 8, 32, "E0204"),
        ("transitions: [{on: join, when: players > 1, to: ended}]", 8, 21, "E0204"),
        ("transitions: [{when: players > 1, if: players > 2, to: ended}]", 8, 45, "E0204"),
        ("permissions: [{allow: [configure, chatt], from: host}]", 8, 41, "E0402"),
        ("permissions: [{allow: chat, deny: chat, from: host}]", 8, 21, "E0204"),
        ("permissions: [{allow: chat}]", 8, 21, "E0204"),
        ("iterates: maybe", 8, 17, "E0204"),
    ],
)
def test_the_place_of_a_problem(member: str, line: int, column: int, code: str) -> None:
    found = loaded(in_gathering(member), NAME).diagnostics
    assert (found[0].code, found[0].span.line, found[0].span.column) == (code, line, column)


def test_a_folded_phrase_is_pointed_at_as_a_whole() -> None:
    member = (
        "transitions:\n"
        "        - when: >\n"
        "            all player\n"
        "            redy\n"
        "          to: ended"
    )
    problem = loaded(in_gathering(member), NAME).diagnostics[0]
    assert (problem.code, problem.span.line) == ("E0407", 9)


def test_a_choice_stands_in_its_list_once() -> None:
    found = loaded(yaml("  settings: {a: {type: [x, y, x], default: x}}"), NAME).diagnostics
    assert [(each.code, each.span.column) for each in found] == [("E0306", 31)]


def test_names_are_those_of_the_other_spelling() -> None:
    assert codes(yaml("  requests: {state: }"), NAME) == ["E0103"]
    assert codes(yaml("  requests: {a-b: }"), NAME) == ["E0204"]
    assert codes(
        yaml("  states: {'state a.b': {transitions: [{after: 1s, to: ended}]}}"), NAME
    ) == ["E0112"]


def test_long_and_short_forms_say_the_same() -> None:
    short = yaml(
        "  teams: {red: 1..2}\n  roles: {captain: red}\n  players: 2..3\n"
        "  commands: {go: {fields: {to: int 0..9}}}"
    )
    long = yaml(
        "  teams: {red: {size: 1..2}}\n  roles: {captain: {is: red}}\n  players: 2..3\n"
        "  commands: {go: {fields: {to: {type: int 0..9}}}}"
    )
    built = good(short, NAME)
    assert built == good(long, NAME)
    assert built == good(
        room("team red size 1..2 role captain is red players 2..3 command go { to: int 0..9 }")
    )
    assert built.players == Range(2, 3)
    assert built.commands[0].fields[0].type == IntType(0, 9)


def test_history_parallel_and_final() -> None:
    text = yaml(
        "  states:\n"
        "    override state running.iterating:\n"
        "      initial: a\n"
        "      iterates: true\n"
        '      entry: announce "go"\n'
        '      exit: [announce "stop"]\n'
        "      states:\n"
        "        history back: {deep: true, to: a}\n"
        "        parallel a:\n"
        "          states: {region b: , region c: }\n"
        "    final won:\n"
    )
    other = room(
        'override state running.iterating iterates { initial a entry do { announce "go" }'
        ' exit do { announce "stop" } history back deep -> a parallel a { region b region c } }'
        " final won"
    )
    assert good(text, NAME) == good(other)


def test_spans_lie_in_the_yaml_file() -> None:
    built = good(SKIRMISH_YAML, NAME)
    move = built.commands[0]
    assert (move.span.line, move.span.column) == (22, 5)
    assert move.fields[0].type.span.column == 27


@pytest.mark.parametrize(
    ("member", "signs"),
    [
        ("transitions: [{on: join, to: endé}]", "é"),
        ("transitions: [{on: join, to: set$up}]", "$"),
        ("transitions: [{when: players > 1 & in(setup), to: ended}]", "&"),
        ("transitions: [{when: players > 1 ; x, to: ended}]", ";"),
        ("transitions: [{on: join, do: 'drop; lost ~', to: ended}]", ";~"),
    ],
)
def test_a_character_that_means_nothing_is_told_alone(member: str, signs: str) -> None:
    found = loaded(in_gathering(member), NAME).diagnostics
    assert [each.code for each in found] == ["E0106"] * len(signs)
    assert [each.message for each in found] == [f"unexpected character `{sign}`" for sign in signs]


@pytest.mark.parametrize(
    ("body", "name", "such"),
    [
        ("  states: {'state nuit_é': {transitions: [{after: 1s, to: ended}]}}", "nuit_é", "nuit_e"),
        ("  states: {'extend state setup.a-b': }", "setup.a-b", "setup.a_b"),
        ("  requests: {a-b: }", "a-b", "a_b"),
        ("  commands: {'a b': }", "a b", "a_b"),
        ("  roles: {2nd: player}", "2nd", "nd"),
    ],
)
def test_what_is_wrong_with_a_name(body: str, name: str, such: str) -> None:
    (told,) = loaded(yaml(body), NAME).diagnostics
    assert (told.code, told.message) == ("E0204", f"`{name}` is not a valid name")
    assert told.help == (
        f"write `{such}`; a name has letters from a to z, `_` and, after the first character,"
        " digits"
    )


def test_what_is_refused_many_times_is_told_once() -> None:
    aliases = "".join(f"    b{number}: *a\n" for number in range(120))
    found = loaded(yaml(f"  vars:\n    a: &a {{type: int 0..9, initial: 1}}\n{aliases}"), NAME)
    assert [each.message for each in found.diagnostics] == [
        "the anchor `&a` is not allowed",
        "the alias `*a` and 119 others are not allowed",
    ]
    second = found.diagnostics[1]
    assert second.secondary is not None
    assert second.secondary[0].line == second.span.line + 119
    (told,) = loaded("language: !!int 1\nroom: {name: !x x}\n", NAME).diagnostics[:1]
    assert told.message == "the tag `!!int` and 1 other are not allowed"


@pytest.mark.parametrize(
    ("body", "help"),
    [
        ("  states: {setup.gathering: }", "did you mean `extend state setup.gathering`?"),
        ("  states: {'day': {transitions: [{after: 1s, to: ended}]}}", "did you mean `state day`?"),
        ("  settings: {a: int 0..9 = 3}",
         "write a setting with `type` and `default`, such as `{type: int 0..9, default: 3}`"),
        ("  vars: {a: 0}",
         "write a variable with `type` and `initial`, such as `{type: int 0..9, initial: 0}`"),
        ("  requests: [skip]", "write a map of requests by name, such as `pause:`"),
    ],
)  # fmt: skip
def test_newcomers_are_shown_how_it_is_written(body: str, help: str) -> None:
    (told,) = loaded(yaml(body), NAME).diagnostics
    assert (told.code, told.help) == ("E0204", help)
