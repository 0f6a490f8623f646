"""Guards and actions without a value: an `error` event, false, and nothing changed."""

import pytest

from gameroom.chart import ChartEvent, begin, from_plain, step
from gameroom.model import INT_MAX
from tests.chart.play import Play, person, say, states

VARIABLES = {
    "n": {"type": ["int", 0, 9], "initial": 0},
    "big": {"type": ["int", 0, INT_MAX], "initial": INT_MAX},
    "word": {"type": ["choice", "red", "blue"], "initial": "red"},
    "name": {"type": ["string", 0, 3], "initial": ""},
    "open": {"type": ["bool"], "initial": False},
}


def room(*transitions):
    top = states(a={"transitions": [*transitions]}, b={})
    errors = [{"on": "error", "do": say("error")}]
    return {**top, "variables": VARIABLES, "transitions": errors}


WRONG = [
    ["==", ["/", 1, "n"], 1],
    ["==", ["%", 1, "n"], 1],
    [">", ["+", "big", 1], 0],
    ["<", ["-", ["-", 0, "big"], 1], 0],
    [">", ["*", "big", "big"], 0],
    ["<", ["event", "x"], 3],
    ["==", ["event", "x"], 3],
    [">", ["call", "max", ["event", "x"], 3], 0],
    ["<", ["call", "abs", ["-", ["-", 0, "big"], 1]], 0],
    ["and", ["event", "x"], True],
    ["not", ["event", "x"]],
    ["event", "missing"],
]


@pytest.mark.parametrize("guard", WRONG, ids=str)
def test_a_guard_without_a_value_is_an_error_and_false(guard):
    play = Play(room({"on": "go", "if": guard, "to": "b"}))
    assert play.send("go", x="text").said == ["error"]
    assert play.active == ("a",)


@pytest.mark.parametrize("x", [True, False])
def test_a_field_that_is_true_or_false_is_a_condition(x):
    play = Play(room({"on": "go", "if": ["and", ["event", "x"], True], "to": "b"}))
    assert play.send("go", x=x).active == (("b",) if x else ("a",))


@pytest.mark.parametrize("x", [True, "3", None, [3], 3.0, INT_MAX + 1])
def test_only_a_whole_number_is_a_number(x):
    play = Play(room({"on": "go", "if": [">=", ["event", "x"], 0], "to": "b"}))
    assert play.send("go", x=x).said == ["error"]


def test_a_later_transition_still_has_its_turn():
    play = Play(room({"on": "go", "if": ["==", ["/", 1, 0], 1]}, {"on": "go", "to": "b"}))
    assert play.send("go").active == ("b",)
    assert play.said == ["error"]


def test_what_is_not_needed_is_not_asked():
    guard = ["or", ["==", "n", 0], ["==", ["/", 1, "n"], 1]]
    assert Play(room({"on": "go", "if": guard, "to": "b"})).send("go").active == ("b",)


@pytest.mark.parametrize(
    "act",
    [
        ["set", "n", ["+", 9, 1]],
        ["set", "n", ["-", "n", 1]],
        ["set", "n", ["/", 1, "n"]],
        ["set", "n", ["event", "x"]],
        ["set", "word", ["text", "green"]],
        ["set", "name", ["text", "too long"]],
        ["set", "open", ["event", "x"]],
    ],
    ids=str,
)
def test_a_set_that_leaves_the_type_leaves_the_variable(act):
    play = Play(room({"on": "go", "do": [act], "to": "b"}))
    before = play.variables
    assert play.send("go", x="text").variables == before
    assert play.said == ["error"]
    assert play.active == ("b",), "the transition itself was taken"


def test_the_rest_of_the_block_does_not_run_but_other_blocks_do():
    """SCXML 4.9: one block of executable content ends with its first error."""
    top = room({"on": "go", "do": [*say("one"), ["set", "n", 10], *say("two")], "to": "b"})
    top["states"]["b"]["entry"] = say("entered")
    assert Play(top).send("go").said == ["one", "entered", "error"]


def test_an_error_is_an_internal_event_like_others():
    top = room({"on": "go", "do": [["raise", "told"], ["set", "n", 10]]})
    top["transitions"].append({"on": "told", "do": say("told")})
    assert Play(top).send("go").said == ["told", "error"]


def test_a_when_without_a_value_is_one_error_until_it_has_one():
    half = {"when": ["==", ["/", 8, "n"], 4], "do": say("half")}
    play = Play(room(half, {"on": "n", "do": [["set", "n", ["event", "to"]]]}))
    assert play.said == ["error"]
    assert play.send("n", to=0).said == []
    assert play.reload().send("n", to=0).said == []
    assert play.send("n", to=2).said == ["half"]
    assert play.send("n", to=0).said == ["error"]


def test_an_error_in_an_error_does_not_hang():
    top = room()
    top["transitions"] = [{"on": "error", "do": [["set", "n", 10]]}]
    top["states"]["a"]["transitions"] = [{"on": "go", "do": [["set", "n", 10]]}]
    play = Play(top).send("go")
    assert play.snapshot.status == "faulted"


def test_the_same_mistake_gives_the_same_answer_twice():
    chart = from_plain(room({"on": "go", "if": ["<", ["event", "x"], 3], "to": "b"}))
    snapshot, _ = begin(chart)
    event = ChartEvent("go", fields={"x": "text"})
    assert step(chart, snapshot, event) == step(chart, snapshot, event)


def test_a_condition_about_people_errs_each_time_it_loses_its_value():
    """People come and go and no transition follows: the error is told all the same."""
    shared = [">", ["/", 6, "players"], 9]
    ann = person()
    play = Play(room({"when": shared, "to": "b"}), people=(ann,))
    told = [play.send("", people=people).said for people in ((), (), (ann,), (ann, ann), ())]
    assert told == [["error"], [], [], [], ["error"]]
    assert play.active == ("a",)
