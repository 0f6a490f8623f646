"""Exit all, inside out; then act; then enter all, outside in."""

from tests.chart.play import Play, say, states


def noisy(name, **more):
    return {"entry": say(f"+{name}"), "exit": say(f"-{name}"), **more}


def test_exits_then_actions_then_entries():
    room = states(
        a=noisy(
            "a",
            initial="b",
            states={
                "b": noisy("b", transitions=[{"on": "go", "do": say("act", "again"), "to": "c.d"}])
            },
        ),
        c=noisy("c", initial="e", states={"e": noisy("e"), "d": noisy("d")}),
    )
    assert Play(room).send("go").said == ["-b", "-a", "act", "again", "+c", "+d"]


def regions():
    both = {
        "one": noisy(
            "one",
            initial="a",
            states={
                "a": noisy("a", transitions=[{"on": "go", "do": say("first"), "to": "a2"}]),
                "a2": noisy("a2"),
            },
        ),
        "two": noisy(
            "two",
            initial="b",
            states={
                "b": noisy("b", transitions=[{"on": "go", "do": say("second"), "to": "b2"}]),
                "b2": noisy("b2"),
            },
        ),
    }
    return states(
        p=noisy("p", kind="parallel", states=both, transitions=[{"on": "out", "to": "x"}]),
        x=noisy("x", transitions=[{"on": "back", "to": "p"}]),
    )


def test_regions_exit_all_then_act_in_document_order_then_enter_all():
    """One microstep for both: never one region wholly before the other."""
    assert Play(regions()).send("go").said == ["-b", "-a", "first", "second", "+a2", "+b2"]


def test_exits_go_in_reverse_document_order():
    assert Play(regions()).send("out").said == ["-b", "-two", "-a", "-one", "-p", "+x"]


def test_entries_go_in_document_order():
    play = Play(regions()).send("out")
    assert play.send("back").said == ["-x", "+p", "+one", "+a", "+two", "+b"]


def test_the_beginning_enters_outside_in():
    assert Play(regions()).said == ["+p", "+one", "+a", "+two", "+b"]


def test_actions_see_what_those_before_them_set():
    room = states(
        a={
            "exit": [["set", "n", 5]],
            "transitions": [{"on": "go", "do": [["set", "n", ["+", "n", 1]]], "to": "b"}],
        },
        b={"entry": [["set", "n", ["*", "n", 10]]]},
    )
    room["variables"] = {"n": {"type": ["int", 0, 99], "initial": 0}}
    assert Play(room).send("go").variables == {"n": 60}


def test_the_configuration_shrinks_and_grows_as_blocks_run():
    """SCXML: a state is still active in its own exit and already in its own entry."""
    was = {"type": ["bool"], "initial": False}
    room = states(
        a={
            "initial": "b",
            "exit": [["set", "inner_at_outer_exit", ["in", "a.b"]]],
            "states": {
                "b": {
                    "exit": [["set", "self_at_exit", ["in", "a.b"]]],
                    "transitions": [
                        {"on": "go", "do": [["set", "source_at_action", ["in", "a"]]], "to": "c"}
                    ],
                }
            },
        },
        c={"entry": [["set", "self_at_entry", ["in", "c"]]]},
    )
    names = ("inner_at_outer_exit", "self_at_exit", "source_at_action", "self_at_entry")
    room["variables"] = dict.fromkeys(names, was)
    assert Play(room).send("go").variables == {
        "inner_at_outer_exit": False,
        "self_at_exit": True,
        "source_at_action": False,
        "self_at_entry": True,
    }
