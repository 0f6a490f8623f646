"""A room that was built in Python gets an answer too: what the compiler refuses by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameroom import model
from gameroom.chart import ChartEvent, active, begin, compile_room, step
from gameroom.chart.compile import STATES_MAX, TRANSITIONS_MAX
from gameroom.chart.mistakes import ChartError
from gameroom.chart.plain import plain_room
from tests.chart.play import states

NUMBER = {"n": {"type": ["int", 0, 9], "initial": 0}}


def room(**said: object) -> model.RoomFile:
    return plain_room(states(a={}) | said)


def refused(built: model.RoomFile) -> str:
    with pytest.raises(ChartError) as error:
        compile_room(built)
    return error.value.problem


def with_transitions(built: model.RoomFile, *transitions: model.Transition) -> model.RoomFile:
    return replace(built, root=replace(built.root, transitions=transitions))


def test_a_flag_that_people_do_not_have() -> None:
    guard = model.Quorum("all", "player", model.Flag("rich"))
    way = model.Transition(model.On("go"), guard=guard)
    assert refused(with_transitions(room(), way)) == "`rich` is not a player flag"


@pytest.mark.parametrize("kind", ["variables", "settings"])
def test_a_name_that_is_declared_twice(kind: str) -> None:
    types = {"variables": NUMBER, "settings": {"n": {"type": ["bool"], "default": True}}}
    built = room(**{kind: types[kind]})
    twice = replace(built, **{kind: getattr(built, kind) * 2})
    assert refused(twice) == "`n` is declared twice"


def test_a_state_that_is_there_twice() -> None:
    built = room()
    twice = replace(built, root=replace(built.root, states=built.root.states * 2))
    assert refused(twice) == "`a` is declared twice"


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (model.IntType(0, 9), model.Literal(True)),
        (model.IntType(0, 9), model.Literal("one")),
        (model.BoolType(), model.Literal(1)),
        (model.StringType(0, 9), model.Literal(1)),
        (model.ChoiceType(("red",)), model.Literal(True)),
        (model.ListType(model.BoolType(), 0, 9), model.Literal("red")),
        (model.IntType(0, 9), model.Name("list")),
        (model.BoolType(), model.Name("list")),
    ],
    ids=str,
)
def test_a_value_of_another_type_is_not_set(type_: model.Type, value: model.Expression) -> None:
    setting = model.Setting("list", model.ListType(model.BoolType(), 0, 9), ())
    initial = {model.IntType: 0, model.BoolType: False, model.ChoiceType: "red"}.get(
        type(type_), ""
    )
    variable = model.Variable("n", type_, initial)
    way = model.Transition(model.On("go"), actions=(model.Act("set", "n", value),))
    built = replace(room(), variables=(variable,), settings=(setting,))
    assert refused(with_transitions(built, way)) == "`n` cannot take a value of this type"


def test_a_chart_has_up_to_so_many_transitions() -> None:
    way = model.Transition(model.On("go"))
    most = with_transitions(room(), *(way,) * TRANSITIONS_MAX)
    assert len(compile_room(most).transitions) == TRANSITIONS_MAX
    assert refused(with_transitions(most, *(way,) * (TRANSITIONS_MAX + 1))) == (
        f"more than {TRANSITIONS_MAX} transitions"
    )


def test_a_chart_has_up_to_so_many_states_its_root_among_them() -> None:
    names = [f"s{number}" for number in range(STATES_MAX)]
    most = plain_room(states(**{name: {} for name in names[1:]}))
    assert len(compile_room(most).states) == STATES_MAX
    more = plain_room(states(**{name: {} for name in names}))
    assert refused(more) == f"more than {STATES_MAX} states"


def test_an_implied_history_counts_as_a_state() -> None:
    names = [f"s{number}" for number in range(STATES_MAX - 3)]
    inner = {name: {} for name in names}
    said = states(a={"initial": names[0], "states": inner}, b={})
    said["transitions"] = [{"on": "go", "to": ["resume", "a"]}]
    assert refused(plain_room(said)) == f"more than {STATES_MAX} states"


def test_twins_have_keys_that_are_counted() -> None:
    """Stored snapshots name timers and conditions by these keys."""
    after = [{"after": [5, "ms"]}] * 3
    chart = compile_room(plain_room(states(a={"transitions": after}, b={"transitions": after})))
    keys = [transition.key for transition in chart.transitions]
    assert keys == [
        f'{state} ["after",5,"ms"]{twin}' for state in "ab" for twin in ("", " 2", " 3")
    ]


def test_a_choice_is_offered_by_the_field_that_is_called_so() -> None:
    said = states(a={}) | {"requests": {"paint": {"colour": ["choice", "yes", "no"]}}}
    said["transitions"] = [{"on": "go", "if": ["all", "player", ["chose", "yes"]]}]
    assert refused(plain_room(said)) == 'no request offers the choice "yes"'


def test_where_a_room_does_not_speak_of_players_nobody_is_enough() -> None:
    way = model.Transition(model.On("go"), guard=model.EnoughPlayers(), target=model.Target("b"))
    built = with_transitions(replace(plain_room(states(a={}, b={})), players=None), way)
    chart = compile_room(built)
    snapshot, _ = begin(chart)
    assert active(chart, step(chart, snapshot, ChartEvent("go"))[0]) == ("b",)


def test_an_event_that_only_begins_like_done_is_an_event() -> None:
    first, second = (
        plain_room(states(a={"transitions": [{"on": name}]})) for name in ("done(a", "done(b")
    )
    assert "done(a" in compile_room(first).events
    assert compile_room(first).fingerprint != compile_room(second).fingerprint
