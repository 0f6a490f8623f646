"""Which transition of a leaf: inner states first, then document order, then guards."""

from gameroom.chart import ChartEvent, advance, begin, from_plain, step
from tests.chart.play import Play, say, states


def nested(inner, outer):
    return states(
        outer={
            "initial": "inner",
            "transitions": outer,
            "states": {"inner": {"transitions": inner}},
        }
    )


def test_the_inner_state_is_asked_first():
    play = Play(nested([{"on": "go", "do": say("inner")}], [{"on": "go", "do": say("outer")}]))
    assert play.send("go").said == ["inner"]


def test_the_outer_state_is_asked_when_the_inner_says_no():
    inner = [{"on": "go", "if": False, "do": say("inner")}]
    play = Play(nested(inner, [{"on": "go", "do": say("outer")}]))
    assert play.send("go").said == ["outer"]


def test_within_a_state_the_first_whose_guard_holds():
    choices = [
        {"on": "go", "if": ["<", ["event", "n"], 3], "do": say("small")},
        {"on": "go", "if": ["<", ["event", "n"], 6], "do": say("middle")},
        {"on": "go", "do": say("large")},
    ]
    play = Play(nested(choices, []))
    assert [play.send("go", n=n).said for n in (2, 5, 9)] == [["small"], ["middle"], ["large"]]


def test_the_root_is_asked_last_and_is_never_exited():
    room = states(a={"transitions": [{"on": "go", "do": say("a")}]}, b={"entry": say("b")})
    room["transitions"] = [{"on": "go", "do": say("root")}, {"on": "leave", "to": "b"}]
    room["exit"] = say("never")
    play = Play(room)
    assert play.send("go").said == ["a"]
    assert play.send("leave").said == ["b"]
    assert play.send("go").said == ["root"]


def test_an_event_that_nothing_waits_for_does_nothing():
    """Nor does it count as the missing event of a `when` or an `after`."""
    play = Play(nested([{"when": False, "do": say("x")}, {"after": [1, "ms"], "do": say("y")}], []))
    before = play.snapshot
    assert play.send("unheard").snapshot == before
    assert play.effects == ()


def test_names_match_whole():
    play = Play(nested([{"on": "go", "do": say("go")}], []))
    assert play.send("go.on").said == []


def test_time_and_generation_never_fall():
    chart = from_plain(nested([], []))
    snapshot, _ = begin(chart, now=100)
    snapshot, _ = step(chart, snapshot, ChartEvent("x", now=500, generation=7))
    snapshot, _ = step(chart, snapshot, ChartEvent("x", now=50, generation=3))
    assert (snapshot.now, snapshot.generation) == (500, 7)
    snapshot, _ = step(chart, snapshot, ChartEvent("x", now=50, generation=3, people=()))
    assert (snapshot.now, snapshot.generation) == (500, 7)
    snapshot, _ = advance(chart, snapshot, 50, 3)
    assert (snapshot.now, snapshot.generation) == (500, 7)


def compared(asked, value):
    """What a guard says of an event's value and 1; a plain chart declares no types of events."""
    ways = [
        {"on": "x", "if": [asked, ["event", "n"], 1], "to": "b"},
        {"on": "error", "to": "wrong"},
    ]
    return Play(states(a={"transitions": ways}, b={}, wrong={})).send("x", n=value).leaves[0]


def test_values_of_a_type_that_is_not_known_are_the_same_or_not():
    assert [compared("==", 1), compared("==", 2)] == ["b", "a"]
    assert [compared("!=", 1), compared("!=", 2)] == ["a", "b"]


def test_values_of_two_types_are_an_error_whichever_way_they_are_compared():
    assert {compared(asked, value) for asked in ("==", "!=") for value in (True, "1")} == {"wrong"}
