"""How far out a transition goes: its domain, which skips parallel states."""

from tests.chart.play import Play, say, states

INSIDE = {
    "kind": "parallel",
    "entry": say("enter p"),
    "exit": say("exit p"),
    "states": {
        "one": {
            "initial": "a",
            "states": {"a": {"transitions": [{"on": "cross", "to": "b2"}]}},
        },
        "two": {"initial": "b", "states": {"b": {}, "b2": {}}},
    },
}


def test_the_domain_skips_the_parallel_state():
    """From one region into another: the least common ancestor is the parallel state, but a
    domain is a compound state, so all regions are exited and entered again."""
    room = states(top={"initial": "p", "states": {"p": INSIDE}})
    room["states"]["top"]["states"]["p"]["states"]["one"]["states"]["a"]["transitions"] = [
        {"on": "cross", "to": "p.two.b2"}
    ]
    play = Play(room).send("cross")
    assert play.said == ["exit p", "enter p"]
    assert play.leaves == ("top.p.one.a", "top.p.two.b2")
    ((_, exited, entered),) = play.moved
    assert exited == ("top.p.two.b", "top.p.two", "top.p.one.a", "top.p.one", "top.p")
    assert entered == ("top.p", "top.p.one", "top.p.one.a", "top.p.two", "top.p.two.b2")


def test_inside_one_region_the_other_is_left_alone():
    room = states(
        p={
            "kind": "parallel",
            "states": {
                "one": {
                    "initial": "a",
                    "states": {"a": {"transitions": [{"on": "go", "to": "a2"}]}, "a2": {}},
                },
                "two": {"initial": "b", "states": {"b": {"entry": say("b"), "exit": say("b")}}},
            },
        }
    )
    play = Play(room).send("go")
    assert play.leaves == ("p.one.a2", "p.two.b")
    assert play.said == []


def deep():
    inner = {
        "initial": "c",
        "entry": say("enter b"),
        "exit": say("exit b"),
        "transitions": [
            {"on": "self", "to": "b"},
            {"on": "into", "to": "c2"},
            {"on": "inside", "to": ["internal", "c2"]},
            {"on": "internal self", "to": ["internal", "b"]},
        ],
        "states": {
            "c": {"transitions": [{"on": "up", "to": "b"}]},
            "c2": {},
        },
    }
    return states(a={"initial": "b", "states": {"b": inner}})


def test_an_external_self_transition_exits_and_enters():
    assert Play(deep()).send("self").said == ["exit b", "enter b"]


def test_an_external_transition_to_a_descendant_exits_the_source():
    play = Play(deep()).send("into")
    assert play.said == ["exit b", "enter b"]
    assert play.leaves == ("a.b.c2",)


def test_an_internal_transition_to_a_descendant_does_not():
    play = Play(deep()).send("inside")
    assert play.said == []
    assert play.leaves == ("a.b.c2",)


def test_an_internal_transition_to_itself_is_external():
    """SCXML: internal counts only where all targets are proper descendants."""
    assert Play(deep()).send("internal self").said == ["exit b", "enter b"]


def test_a_transition_to_an_ancestor_exits_the_ancestor():
    assert Play(deep()).send("up").said == ["exit b", "enter b"]


def test_an_internal_transition_of_a_parallel_state_is_external():
    room = states(
        p={
            "kind": "parallel",
            "entry": say("enter p"),
            "exit": say("exit p"),
            "transitions": [{"on": "go", "to": ["internal", "one.b"]}],
            "states": {"one": {"initial": "a", "states": {"a": {}, "b": {}}}},
        }
    )
    play = Play(room).send("go")
    assert play.said == ["exit p", "enter p"]
    assert play.leaves == ("p.one.b",)


def test_without_a_target_nothing_is_exited():
    room = states(a={"exit": say("exit"), "transitions": [{"on": "go", "do": say("act")}]})
    play = Play(room).send("go")
    assert play.said == ["act"]
    assert play.moved == [("go", (), ())]


def test_entering_a_region_enters_the_others_by_default():
    room = states(
        out={"transitions": [{"on": "go", "to": "p.two.b2"}]},
        p={
            "kind": "parallel",
            "states": {
                "one": {"initial": "a", "states": {"a": {}, "a2": {}}},
                "two": {"initial": "b", "states": {"b": {}, "b2": {}}},
            },
        },
    )
    assert Play(room).send("go").leaves == ("p.one.a", "p.two.b2")


def test_a_start_may_be_deeper_than_a_child():
    room = states(
        out={"transitions": [{"on": "go", "to": "a"}]},
        a={
            "initial": "b.d",
            "states": {"b": {"initial": "c", "states": {"c": {}, "d": {}}}},
        },
    )
    assert Play(room).send("go").leaves == ("a.b.d",)
