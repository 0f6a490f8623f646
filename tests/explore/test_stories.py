"""Stories are true, and forgetting changes nothing: on random small rooms.

The rooms are made from plain values. Each state has at most one timer, so that a story
which names a timer can be played on the real chart in real time.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameroom.chart import Chart, active, compile_room, from_plain
from gameroom.explore.abstract_room import AbstractRoom
from gameroom.explore.cache import Memory
from gameroom.explore.facets import reads_of
from gameroom.explore.moves import PossibleMoves
from gameroom.explore.run import explore
from gameroom.explore.search import Graph, goes_round, search, stuck
from gameroom.explore.story import replay, story_of
from gameroom.language import load, shipped

FEW = settings(max_examples=40, deadline=None)
STATES = ("a", "b", "c", "d")
CHOICES = ("yes", "no")

CONDITIONS = (
    ["all", "player", "ready"],
    ["any", "player", "missing"],
    ["no", "player", "missing"],
    ["majority", "player", ["chose", "yes"]],
    ["of", 2, "player", ["chose", "no"]],
    ["==", "players", 0],
    [">=", "players", 2],
    ["<", ["count", "player", "connected"], 2],
    ["any", "host", "ready"],
    ["any", "dealer", "ready"],
    [">", "n", 1],
    ["==", "map", ["text", "large"]],
)
EVENTS = (
    *("join", "leave", "drop", "return", "ready", "vote", "won", "lag", "lost", "configure"),
    "diverged",
)
ACTIONS = (
    ["set", "n", ["+", "n", 1]],
    ["set", "n", 0],
    ["unready", "player"],
    ["drop", "missing"],
    ["pass", "host"],
    ["pass", "dealer"],
)
TEAMS = ({"red": [0, 3]}, {"red": [0, 1], "blue": [0, 2]})
WHO = ("player", "player", "dealer", "red")
DOINGS = ("join", "leave", "ready", "vote", "configure")


@st.composite
def transitions(draw: st.DrawFn, whens: bool) -> dict[str, object]:
    """One `on` or `when`, with a guard, actions and a target, or without."""
    made: dict[str, object] = {}
    if whens and draw(st.booleans()):
        made["when"] = draw(st.sampled_from(CONDITIONS))
    else:
        made["on"] = draw(st.sampled_from(EVENTS))
        if draw(st.booleans()):
            made["if"] = draw(st.sampled_from(CONDITIONS))
    made["do"] = draw(st.lists(st.sampled_from(ACTIONS), max_size=2))
    if draw(st.integers(0, 4)):
        made["to"] = draw(st.sampled_from([*STATES, *STATES, "ended", ["resume", "c"]]))
    return made


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """Four states and an end; `c` has two states inside, which take turns."""

    def state(name: str) -> dict[str, object]:
        said = draw(st.lists(transitions(name != "a"), min_size=1, max_size=3))
        if draw(st.booleans()):
            target = draw(st.sampled_from(STATES))
            said.append({"after": [1000, "ms"], "to": target})
        denied = draw(st.sampled_from(["", *DOINGS]))
        return {
            "transitions": said,
            "permissions": [
                ["allow", ["join"], ["player"]],
                ["allow", [d for d in DOINGS[1:] if d != denied], [draw(st.sampled_from(WHO))]],
                *([["deny", ["join"], ["player"]]] if denied == "join" else []),
            ],
            "iterates": draw(st.booleans()),
        }

    states = {name: state(name) for name in STATES}
    inner: dict[str, object] = {
        "c1": {"transitions": [{"on": "vote", "to": "c2"}]},
        "c2": {"transitions": [{"on": "ready", "to": "c1"}]},
    }
    states["c"] |= {"states": inner, "initial": "c1"}
    return from_plain(
        {
            "players": [1, 3],
            "teams": draw(st.sampled_from(TEAMS)),
            "roles": {"host": "player", "dealer": "red"},
            "settings": {"map": {"type": ["choice", "small", "large"], "default": "small"}},
            "variables": {"n": {"type": ["int", 0, 2], "initial": 0}},
            "requests": {"vote": {"choice": ["choice", *CHOICES]}},
            "signals": {"won": {"fields": {"by": ["choice", "x", "o"]}, "agreed": "all"}},
            "initial": "a",
            "transitions": [
                {"on": "lost", "do": [["drop", "lost"]]},
                {"on": "join", "do": [["pass", "host"]]},
            ],
            "states": {**states, "ended": {"kind": "final"}},
        }
    )


def explored(chart: Chart, *, forgetful: bool = True, players: int = 2) -> Graph:
    """The graph of a chart; one that forgets nothing holds the full truth."""
    reads = reads_of(chart)
    if not forgetful:
        everything = (1 << 200) - 1
        reads = replace(reads, live=(everything,) * len(reads.live))
    return search(PossibleMoves.of(AbstractRoom.of(chart, reads), players), 800)


@FEW
@given(charts(), st.data())
def test_a_story_leads_where_it_says(chart: Chart, data: st.DataObject) -> None:
    graph = explored(chart)
    for _ in range(5):
        number = data.draw(st.sampled_from(graph.order))
        story = story_of(graph, number)
        assert active(chart, replay(chart, story.fed)) == story.states
        assert story == story_of(graph, number)


@FEW
@given(charts())
def test_what_is_forgotten_makes_no_difference(chart: Chart) -> None:
    """The same states can be active, the same transitions are taken, and the same states
    can get stuck, whether or not the explorer forgets what nobody asks about."""
    forgetful, thorough = explored(chart), explored(chart, forgetful=False)
    if not thorough.complete:
        return
    assert forgetful.complete
    assert len(forgetful.spots) <= len(thorough.spots)
    assert forgetful.taken == thorough.taken
    assert forgetful.entered == thorough.entered
    assert places(forgetful) == places(thorough)
    assert places(forgetful, stuck(forgetful)) == places(thorough, stuck(thorough))


@FEW
@given(charts())
def test_where_nothing_goes_round_nothing_faults(chart: Chart) -> None:
    graph = explored(chart)
    if any(spot.status == "faulted" for spot in graph.spots):
        assert goes_round(chart, Memory.of(graph.moves.world).looks.internal)


def places(graph: Graph, among: set[int] | None = None) -> set[tuple[int, int, str]]:
    """Active states and numbers of people, of these spots or of all."""
    numbers = range(len(graph.spots)) if among is None else among
    return {
        (spot.configuration, len(spot.members), spot.status)
        for spot in (graph.spots[number] for number in numbers)
    }


@FEW
@given(charts())
def test_equal_rooms_get_equal_reports(chart: Chart) -> None:
    first = explore(chart.room, configurations_max=200)
    again = explore(chart.room, configurations_max=200)
    assert first == again


@pytest.mark.parametrize("name", ["standard", "noughts", "archers"])
def test_forgetting_makes_no_difference_to_shipped_rooms(name: str) -> None:
    source = shipped(name)
    assert source is not None
    checked = load(source.text, name=source.name, resolve=shipped).room
    assert checked is not None
    chart = compile_room(checked)
    reads = reads_of(chart)
    thorough = replace(reads, live=((1 << 200) - 1,) * len(reads.live))
    graphs = [
        search(PossibleMoves.of(AbstractRoom.of(chart, each), 1), 20_000)
        for each in (reads, thorough)
    ]
    assert all(graph.complete for graph in graphs)
    assert places(graphs[0]) == places(graphs[1])
    assert graphs[0].taken == graphs[1].taken
