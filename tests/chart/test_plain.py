"""Charts from plain values, and what is no chart: every mistake with its path."""

import pytest

from gameroom.chart import from_plain
from gameroom.chart.plain import plain_room
from gameroom.model import On, Target, Transition
from tests.chart.play import Play, say, states

LEAF = {"a": {}}


def nest(levels):
    inner = {}
    for _ in range(levels):
        inner = {"initial": "a", "states": {"a": inner}}
    return inner


def deep_expression(levels):
    value = True
    for _ in range(levels):
        value = ["not", value]
    return value


def transition(**said):
    return states(a={"transitions": [said]}, b={})


def recalling(default, *, deep):
    """A state with a history that leads there where nothing is recorded."""
    b = {"initial": "c", "states": {"c": {}}}
    h = {"kind": "history", "deep": deep, "default": default}
    return states(a={"initial": "b", "states": {"b": b, "h": h}}, z={})


WRONG = [
    ([], "the room: expected a dict with string keys"),
    ({}, "the room: a room needs states"),
    ({"states": {1: {}}}, "states: expected a dict with string keys"),
    ({"statse": LEAF}, "the room: unknown key `statse`"),
    ({"states": LEAF, "players": [1]}, "players: expected [low, high]"),
    ({"states": LEAF, "players": [1, "two"]}, "players[1]: expected an integer"),
    ({"states": {"a": {"kind": "stat"}}}, "states.a.kind: expected one of state, parallel"),
    (
        {"states": {"a": {"permissions": [["allow", [1], ["player"]]]}}},
        "states.a.permissions[0][1]: expected a list of strings",
    ),
    ({"states": {"a": {"iterates": 1}}}, "states.a.iterates: expected True or False"),
    ({"states": {"a": {"states": LEAF}}}, "states.a: `a` has no initial state"),
    (
        {"states": {"a": {"states": LEAF, "initial": "b"}}},
        "states.a: the initial state `b` is not inside `a`",
    ),
    (
        {"states": {"a": {"states": LEAF, "initial": ""}}},
        "states.a: the initial state `` is not inside `a`",
    ),
    ({"states": {"a.b": {}}}, "states.a.b: `a.b` cannot be the name of a state"),
    (
        {"states": {"a": {"states": {"h": {"kind": "history"}}}}},
        "states.a: `a` contains only history",
    ),
    (
        {"states": {"p": {"kind": "parallel", "states": {"z": {"kind": "final"}}}}},
        "states.p: `p` is a parallel state: it can contain only regions",
    ),
    (
        {"states": {"a": {}, "z": {"kind": "final", "transitions": [{"on": "x", "to": "a"}]}}},
        "states.z: `z` is a final state",
    ),
    ({"states": {"a": {}, "h": {"kind": "history", "entry": say("x")}}}, "states.h: `h` is a"),
    (
        {"states": {"a": {}, "z": {"kind": "final", "states": LEAF}}},
        "states.z: `z` is a final state",
    ),
    (
        {"states": {"a": {}, "h": {"kind": "history", "states": LEAF}}},
        "states.h: `h` is a history state",
    ),
    (
        {"states": {"a": {}, "h": {"kind": "history", "default": "h"}}},
        "states.h: the history state `h` leads to another history state",
    ),
    (
        {
            "states": {
                "b": {},
                "a": {
                    "initial": "c",
                    "states": {"c": {}, "h": {"kind": "history", "default": "b"}},
                },
            }
        },
        "states.a.states.h: the history state `a.h` cannot lead to `b`",
    ),
    *(
        (
            recalling(default, deep=deep),
            f"states.a.states.h: the history state `a.h` cannot lead to `{default}`",
        )
        for default, deep in (("a.b.c", False), ("a", True), ("z", True), ("z", False))
    ),
    (
        {
            "states": {
                "a": {"initial": "h", "states": {"c": {}, "h": {"kind": "history"}}},
            }
        },
        "states.a.states.h: the history state `a.h` leads to another history state",
    ),
    (
        {"states": {"a": {}, "h": {"kind": "history", "default": ""}}},
        "states.h.default: there is no state ``",
    ),
    (
        {"states": {"p": {"kind": "parallel", "states": {"h": {"kind": "history"}}}}},
        "states.p: `p` contains only history states",
    ),
    (
        transition(to="b"),
        "states.a.transitions[0]: expected exactly one of `on`, `when` and `after`",
    ),
    (transition(on="x", after=[1, "ms"]), "states.a.transitions[0]: expected exactly one of"),
    (transition(on=1), "states.a.transitions[0].on: expected a string"),
    (transition(on="done(q)"), "states.a.transitions[0].on: there is no state `q`"),
    (transition(on="done(b)"), "states.a.transitions[0].on: `b` can never be done"),
    (transition(after=[1, "hours"]), "states.a.transitions[0].after: expected [amount, "),
    (
        transition(after=[-1, "ms"]),
        "states.a.transitions[0].after: a time must be from 0 to 604800000 ms",
    ),
    (
        transition(after=[10**9, "ms"]),
        "states.a.transitions[0].after: a time must be from 0 to 604800",
    ),
    (
        transition(after=[10**8, "turns"]),
        "states.a.transitions[0].after: a time must be from 0 to 100",
    ),
    (transition(after=[10**16, "ms"]), "states.a.transitions[0].after[0]: 10000000000000000 is"),
    (
        {"states": LEAF, "players": [1, 2**53]},
        "players[1]: 9007199254740992 is outside -(2^53 - 1) to 2^53 - 1",
    ),
    (transition(after="1s"), "states.a.transitions[0].after: expected a list"),
    (transition(on="x", to="c"), "states.a.transitions[0].to: there is no state `c`"),
    (transition(on="x", to=["back", "b"]), "states.a.transitions[0].to: expected a path, "),
    (
        transition(on="x", do=[["sing", "b"]]),
        'states.a.transitions[0].do[0]: expected ["set", name',
    ),
    (transition(on="x", do=[["set", "n", 1]]), "states.a.transitions[0].do[0]: `n` is not a"),
    (transition(on="x", do=[["drop", "red"]]), "states.a.transitions[0].do[0]: `red` is not"),
    (
        transition(on="x", do=[["repair", "lost"]]),
        "states.a.transitions[0].do[0]: `repair` takes only",
    ),
    (transition(on="x", do=[["pass", "king"]]), "states.a.transitions[0].do[0]: `king` is not"),
    (transition(on="x", do=[["unready", "elf"]]), "states.a.transitions[0].do[0]: `elf` is"),
    (transition(on="x", because=1), "states.a.transitions[0].because: expected a string"),
    (transition(on="x", **{"if": 3}), "states.a.transitions[0].if: this is not true or false"),
    (transition(on="x", **{"if": "q"}), "states.a.transitions[0].if: `q` is not a variable"),
    (transition(on="x", **{"if": []}), "states.a.transitions[0].if: this is not an expression"),
    (transition(on="x", **{"if": ["<", 1]}), "states.a.transitions[0].if: this is not an"),
    (transition(on="x", **{"if": 1.5}), "states.a.transitions[0].if: expected a list"),
    (transition(on="x", **{"if": ["<", True, 1]}), "states.a.transitions[0].if[1]: this is"),
    (transition(on="x", **{"if": ["in", "q"]}), "states.a.transitions[0].if: there is no"),
    (transition(on="x", **{"if": ["==", 1, True]}), "states.a.transitions[0].if: a whole"),
    (transition(on="x", **{"if": [">", 2**53, 1]}), "states.a.transitions[0].if[1]: 900719925"),
    (transition(on="x", **{"if": deep_expression(200)}), "states.a.transitions[0].if[1][1]"),
    (transition(on="x", **{"if": ["and", *[True] * 99]}), "states.a.transitions[0].if: more"),
    (
        transition(on="x", **{"if": ["all", "player", "rich"]}),
        "states.a.transitions[0].if[2]: expected one",
    ),
    (nest(100), "states.a.states.a.states.a"),
    (
        {"states": LEAF, "variables": {"n": {"type": ["int", 0, 3], "initial": 4}}},
        "variables.n: `n` is 4, outside 0..3",
    ),
    (
        {"states": LEAF, "variables": {"n": {"type": ["int", 0, 3], "initial": [0]}}},
        "variables.n.initial: expected an integer, a string or a boolean",
    ),
    (
        {"states": LEAF, "variables": {"n": {"type": ["int"]}}},
        "variables.n: expected `type` and `initial`",
    ),
    (
        {"states": LEAF, "variables": {"n": {"type": ["int"], "initial": 0}}},
        'variables.n.type: expected ["bool"]',
    ),
    (
        {"states": LEAF, "settings": {"n": {"type": ["bool"], "default": 3}}},
        "settings.n: `n` is not true or false",
    ),
    ({"states": LEAF, "signals": {"s": {"agreed": "few"}}}, 'signals.s.agreed: expected "all" or'),
    ({"states": {"a": {"permissions": [["permit", [], []]]}}}, "states.a.permissions[0]: "),
    ({"states": {f"s{n}": {} for n in range(1001)}}, "the room: more than 1000 states"),
]


@pytest.mark.parametrize(("value", "problem"), WRONG, ids=[problem for _, problem in WRONG])
def test_mistakes_begin_with_their_path(value, problem):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is compared below
        from_plain(value)
    assert str(raised.value).startswith(problem)


def test_it_builds_the_same_model_as_everything_else():
    room = plain_room(states(a={"transitions": [{"on": "go", "to": ["resume", "b"]}]}, b={}))
    (first, _) = room.root.states
    assert first.transitions == (Transition(On("go"), target=Target("b", "resume")),)


def test_the_root_begins_in_setup_or_else_in_the_first_state():
    assert Play({"states": {"a": {}, "setup": {}}}).active == ("setup",)
    assert Play({"states": {"b": {}, "a": {}}}).active == ("b",)
    assert Play({"states": {"b": {}, "a": {}}, "initial": "a"}).active == ("a",)


def test_lists_of_settings_and_texts():
    play = Play(
        {
            "settings": {"word": {"type": ["string", 0, 9], "default": "moon"}},
            **states(
                a={"transitions": [{"when": ["==", "word", ["text", "sun"]], "to": "b"}]}, b={}
            ),
        }
    )
    assert play.send("configure", settings={"word": "sun"}).active == ("b",)


def test_a_chart_does_not_follow_later_changes_of_the_value():
    value = states(a={"transitions": [{"on": "go", "to": "b"}]}, b={})
    play = Play(value)
    value["states"]["a"]["transitions"].clear()
    assert play.send("go").active == ("b",)


def read(expression):
    return plain_room(transition(**{"on": "x", "if": expression, "to": "b"}))


DEEPER = {
    "not": lambda inner: ["not", inner],
    "minus": lambda inner: ["-", inner],
    "and": lambda inner: ["and", True, inner],
    "call": lambda inner: ["call", "max", inner, 1],
    "sum": lambda inner: ["+", inner, 1],
}


@pytest.mark.parametrize("around", DEEPER.values(), ids=DEEPER)
def test_expressions_lie_64_deep_and_no_deeper(around):
    value = ["in", "b"]
    for _ in range(64):
        value = around(value)
    read(value)
    with pytest.raises(ValueError, match="expressions are nested more than 64 levels deep"):
        read(around(value))


def test_an_expression_has_63_parts_and_no_more():
    read(["and", *[True] * 63])
    with pytest.raises(ValueError, match="more than 64 parts"):
        read(["and", *[True] * 64])


def test_a_minus_has_one_part_or_two():
    play = Play(
        {
            "variables": {"n": {"type": ["int", -9, 9], "initial": 0}},
            **states(a={"transitions": [{"on": "x", "do": [["set", "n", ["-", ["-", 3], 4]]]}]}),
        }
    )
    assert play.send("x").variables == {"n": -7}


@pytest.mark.parametrize(
    ("called", "value"),
    [
        (["abs", -3], 3),
        (["max", -3, 2], 2),
        (["min", -3, 2], -3),
        (["max", ["call", "abs", -3], 2], 3),
    ],
)
def test_functions(called, value):
    acts = [["set", "n", ["call", *called]]]
    play = Play(
        {
            "variables": {"n": {"type": ["int", -9, 9], "initial": 0}},
            **states(a={"transitions": [{"on": "x", "do": acts}]}),
        }
    )
    assert play.send("x").variables == {"n": value}


@pytest.mark.parametrize(
    ("called", "why"),
    [
        (["sign", 1], "there is no function `sign`"),
        (["max", 1], "`max` needs 2 numbers"),
        (["abs", True], r"if\[1\]\[2\]: this is not a whole number"),
    ],
)
def test_calls_that_cannot_have_a_value(called, why):
    with pytest.raises(ValueError, match=why):
        Play(transition(**{"on": "x", "if": ["==", ["call", *called], 1], "to": "b"}))


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        (["majority", "player", "here"], r"\[2\]: expected one of connected, "),
        (["of", 2, "player", "here"], r"\[3\]: expected one of connected, "),
        (["of", "two", "player", "ready"], r"\[1\]: expected an integer"),
        (["of", 2**53, "player", "ready"], r"\[1\]: 9007199254740992 is outside -\(2\^53"),
        (["nor", True, True], "this is not an expression"),
        (["and", True], "this is not an expression"),
    ],
)
def test_what_is_no_expression_is_told_by_its_place(expression, what):
    with pytest.raises(ValueError, match=what):
        read(expression)


def test_a_room_that_does_not_speak_of_people_seats_up_to_eight_players_and_no_spectators():
    room = plain_room({"states": LEAF})
    assert room.name == "plain"
    assert (room.players.low, room.players.high) == (0, 8)
    assert (room.spectators.low, room.spectators.high) == (0, 0)


@pytest.mark.parametrize("agreed", ["all", "majority"])
def test_a_signal_is_agreed_on_by_all_or_by_a_majority(agreed):
    room = plain_room({"states": LEAF, "signals": {"over": {"agreed": agreed}}})
    assert [one.agreed for one in room.signals] == [agreed]
