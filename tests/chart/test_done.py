"""Done events, and the end of a chart."""

from gameroom.chart import ChartEnded, ChartEvent, path, step
from tests.chart.play import Play, say, states


def test_done_comes_after_the_final_states_entry():
    room = states(
        draft={
            "initial": "pick",
            "transitions": [{"on": "done(draft)", "do": say("done"), "to": "play"}],
            "states": {
                "pick": {"transitions": [{"on": "pick", "do": say("picked"), "to": "picked"}]},
                "picked": {"kind": "final", "entry": say("final")},
            },
        },
        play={},
    )
    play = Play(room).send("pick")
    assert play.said == ["picked", "final", "done"]
    assert play.active == ("play",)


def test_what_the_final_states_entry_raises_comes_before_done():
    """The standard queues `done` after the entry actions have run."""
    inner = {
        "pick": {"transitions": [{"on": "pick", "to": "picked"}]},
        "picked": {"kind": "final", "entry": [["raise", "told"]]},
    }
    on = [{"on": event, "do": say(event)} for event in ("done(draft)", "told")]
    draft = {"initial": "pick", "transitions": on, "states": inner}
    assert Play(states(draft=draft)).send("pick").said == ["told", "done(draft)"]


def test_done_may_be_written_with_a_short_path():
    inner = {
        "initial": "a",
        "states": {"a": {"transitions": [{"on": "go", "to": "z"}]}, "z": {"kind": "final"}},
    }
    outer = {
        "initial": "inner",
        "transitions": [{"on": "done(inner)", "do": say("done")}],
        "states": {"inner": inner},
    }
    play = Play(states(outer=outer)).send("go")
    assert play.said == ["done"]
    assert play.moved[-1][0] == "done(outer.inner)"


def both(**more):
    region = {
        name: {
            "initial": "busy",
            "states": {
                "busy": {"transitions": [{"on": name, "to": "over"}]},
                "over": {"kind": "final"},
            },
        }
        for name in ("left", "right")
    }
    done = ["p", "p.left", "p.right"]
    return states(
        p={
            "kind": "parallel",
            "states": region,
            "transitions": [{"on": f"done({path})", "do": say(path)} for path in done],
        },
        **more,
    )


def test_a_parallel_is_done_only_when_every_region_is():
    play = Play(both())
    assert play.send("left").said == ["p.left"]
    assert play.send("right").said == ["p.right", "p"]


def test_a_parallel_with_a_region_that_never_ends_is_never_done():
    room = both()
    room["states"]["p"]["states"]["clock"] = {}
    assert Play(room).send("left").send("right").said == ["p.right"]


def test_the_order_of_the_regions_does_not_matter():
    play = Play(both())
    assert play.send("right").said == ["p.right"]
    assert play.send("left").said == ["p.left", "p"]


def test_two_regions_that_end_in_one_microstep_are_done_once():
    room = both()
    for name, region in room["states"]["p"]["states"].items():
        region["states"]["busy"]["transitions"].append({"on": "all", "to": f"p.{name}.over"})
    assert Play(room).send("all").said == ["p.left", "p.right", "p"]


def test_a_composite_that_ends_inside_a_region_does_not_end_the_region():
    room = states(
        p={
            "kind": "parallel",
            "transitions": [{"on": "done(p)", "do": say("too early")}],
            "states": {
                "only": {
                    "initial": "sub",
                    "states": {
                        "sub": {
                            "initial": "a",
                            "states": {
                                "a": {"transitions": [{"on": "go", "to": "z"}]},
                                "z": {"kind": "final"},
                            },
                        }
                    },
                }
            },
        }
    )
    assert Play(room).send("go").said == []


def ending():
    return states(
        a={
            "initial": "b",
            "exit": say("bye"),
            "transitions": [{"after": [5, "ms"], "to": "lost"}],
            "states": {
                "b": {
                    "transitions": [
                        {
                            "on": "win",
                            "do": [["raise", "later"]],
                            "to": "won",
                            "because": "red has won",
                        }
                    ]
                }
            },
        },
        won={"kind": "final", "entry": say("hooray")},
        lost={"kind": "final"},
    ) | {"transitions": [{"on": "later", "do": say("never")}, {"after": [9, "ms"], "to": "lost"}]}


def test_a_final_state_of_the_root_ends_the_chart():
    play = Play(ending()).send("win")
    assert play.active == ("won",)
    (end,) = [effect for effect in play.effects if isinstance(effect, ChartEnded)]
    assert path(play.chart, end.state) == "won"
    assert end.because == "red has won"
    assert play.effects[-1] == end
    assert play.said == ["bye", "hooray"], "what was raised on the way is not taken any more"


def test_an_ended_chart_takes_nothing_more():
    play = Play(ending()).send("win")
    snapshot = play.snapshot
    assert step(play.chart, snapshot, ChartEvent("win", 7)) == (snapshot, ())
    play.wait(ms=100)
    assert (play.snapshot, play.effects) == (snapshot, ())


def test_an_ended_chart_has_no_timers():
    play = Play(ending()).send("win")
    assert play.snapshot.timers == ()
    assert play.reload().snapshot.status == "ended"


def test_a_chart_may_end_as_it_begins():
    play = Play(states(a={"transitions": [{"when": True, "to": "z"}]}, z={"kind": "final"}))
    assert play.active == ("z",)
    assert isinstance(play.effects[-1], ChartEnded)
