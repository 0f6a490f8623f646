"""History is recorded before anything is exited, and recalled on entry."""

from tests.chart.play import Play, say, states


def paused(deep, **more):
    """`work` has a history; `pause` leaves it, `back` recalls it."""
    work = {
        "initial": "a",
        "transitions": [{"on": "pause", "to": "away"}, {"on": "reset", "to": "work"}],
        "states": {
            "a": {"transitions": [{"on": "next", "to": "b"}]},
            "b": {
                "initial": "c",
                "states": {"c": {"transitions": [{"on": "next", "to": "d"}]}, "d": {}},
            },
            "past": {"kind": "history", "deep": deep, **more},
        },
    }
    return states(work=work, away={"transitions": [{"on": "back", "to": "work.past"}]})


def test_shallow_history_recalls_the_child_and_starts_it_anew():
    play = Play(paused(deep=False)).send("next").send("next")
    assert play.leaves == ("work.b.d",)
    assert play.send("pause").send("back").leaves == ("work.b.c",)


def test_deep_history_recalls_the_leaf():
    play = Play(paused(deep=True)).send("next").send("next").send("pause").send("back")
    assert play.leaves == ("work.b.d",)


def test_each_exit_records_anew():
    play = Play(paused(deep=True)).send("next").send("next").send("pause").send("back")
    assert play.send("reset").leaves == ("work.a",)
    assert play.send("pause").send("back").leaves == ("work.a",)


def never_been(**history):
    room = paused(**history)
    room["initial"] = "away"
    return Play(room).send("back").leaves


def test_nothing_recorded_leads_to_the_default():
    assert never_been(deep=True, default="work.b.d") == ("work.b.d",)
    assert never_been(deep=False, default="b") == ("work.b.c",)


def test_without_a_default_it_leads_to_where_the_parent_starts():
    assert never_been(deep=True) == ("work.a",)


def test_it_is_recorded_before_any_exit():
    """The inner state is exited first; were it recorded then, the outer history would find
    nothing left inside."""
    play = Play(paused(deep=True)).send("next").send("next").send("pause")
    (slot,) = play.snapshot.history
    assert play.paths([slot.bit_length() - 1]) == ("work.b.d",)


def test_it_is_recorded_before_the_exit_actions_run():
    """An exit action changes data, not what is remembered."""
    room = paused(deep=True)
    room["states"]["work"]["exit"] = say("bye")
    play = Play(room).send("next").send("pause")
    assert play.said == ["bye"]
    assert play.send("back").leaves == ("work.b.c",)


def test_a_transition_that_exits_and_recalls_in_one_step_recalls_what_it_just_left():
    """The standard records in exitStates and reads in enterStates, in this order."""
    room = states(
        top={
            "kind": "parallel",
            "states": {
                "work": {
                    "initial": "a",
                    "states": {
                        "a": {"transitions": [{"on": "next", "to": "b"}]},
                        "b": {},
                        "past": {"kind": "history"},
                    },
                },
                "watch": {"transitions": [{"on": "again", "to": "top.work.past"}]},
            },
        }
    )
    assert Play(room).send("next").send("again").leaves == ("top.work.b", "top.watch")


def test_parallel_regions_are_recalled_together():
    regions = {
        name: {
            "initial": "a",
            "states": {"a": {"transitions": [{"on": name, "to": "b"}]}, "b": {}},
        }
        for name in ("one", "two")
    }
    room = states(
        p={
            "kind": "parallel",
            "transitions": [{"on": "pause", "to": "away"}],
            "states": {**regions, "past": {"kind": "history", "deep": True}},
        },
        away={"transitions": [{"on": "back", "to": "p.past"}]},
    )
    play = Play(room).send("two").send("pause").send("back")
    assert play.leaves == ("p.one.a", "p.two.b")


def test_a_state_may_start_in_its_history():
    room = paused(deep=True, default="work.b")
    room["states"]["work"]["initial"] = "past"
    room["states"]["work"]["transitions"].append({"on": "first", "to": "work.a"})
    room["states"]["away"]["transitions"] = [{"on": "back", "to": "work"}]
    play = Play(room)
    assert play.leaves == ("work.b.c",)
    assert play.send("next").send("pause").send("back").leaves == ("work.b.d",)
    assert play.send("reset").leaves == ("work.b.d",), "left and recalled in one step"
    assert play.send("first").send("pause").send("back").leaves == ("work.a",)


def test_deep_history_recalls_a_final_child():
    """What was done stays done: the room comes back to where it had ended."""
    work = {
        "initial": "a",
        "transitions": [{"on": "pause", "to": "away"}],
        "states": {
            "a": {"transitions": [{"on": "finish", "to": "z"}]},
            "z": {"kind": "final"},
            "past": {"kind": "history", "deep": True},
        },
    }
    room = states(work=work, away={"transitions": [{"on": "back", "to": "work.past"}]})
    play = Play(room).send("finish").send("pause").send("back")
    assert play.leaves == ("work.z",)


def test_where_every_start_is_a_history_each_entry_recalls_the_last_one():
    """No transition names the history, and the room does not say where it starts."""
    a = {
        "initial": "h",
        "states": {
            "b": {"transitions": [{"on": "turn", "to": "a.c"}]},
            "c": {"transitions": [{"on": "turn", "to": "a.b"}]},
            "h": {"kind": "history", "default": "a.b"},
        },
        "transitions": [{"on": "out", "to": "setup"}],
    }
    play = Play({"states": {"setup": {"transitions": [{"on": "in", "to": "a"}]}, "a": a}})
    for there in ("a.c", "a.b", "a.c"):
        play.send("in").send("turn").send("out").send("in")
        assert play.leaves == (there,)
        play.send("out")
