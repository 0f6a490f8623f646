"""`when`: a condition that becomes true."""

import pytest

from tests.chart.play import Play, person, say, states

N = {"n": {"type": ["int", 0, 9], "initial": 0}, "m": {"type": ["int", 0, 9], "initial": 0}}


def counting(*transitions, **more):
    """A state with these transitions; `n` and `m` are set by events."""
    sets = [{"on": name, "do": [["set", name, ["event", "to"]]]} for name in ("n", "m")]
    inner = {"transitions": [*transitions], **more}
    return {
        "variables": N,
        "initial": "a",
        "transitions": sets,
        "states": {"a": inner, "b": {"transitions": [{"on": "back", "to": "a"}]}},
    }


HIGH = [">=", "n", 3]


def test_it_fires_on_becoming_true_and_not_while_it_stays_true():
    play = Play(counting({"when": HIGH, "do": say("high")}))
    assert [play.send("n", to=to).said for to in (2, 3, 4, 9)] == [[], ["high"], [], []]


def test_it_fires_again_after_it_was_false():
    play = Play(counting({"when": HIGH, "do": say("high")}))
    assert [play.send("n", to=to).said for to in (3, 2, 3)] == [["high"], [], ["high"]]


def test_true_on_entry_counts_as_becoming_true():
    play = Play(counting({"when": [">=", "n", 0], "do": say("now")}))
    assert play.said == ["now"]


def test_entering_again_counts_again():
    play = Play(counting({"when": HIGH, "do": say("high")}, {"on": "leave", "to": "b"}))
    assert play.send("n", to=5).said == ["high"]
    assert play.send("leave").send("back").said == ["high"]


def test_it_is_not_asked_outside_its_state():
    play = Play(counting({"when": HIGH, "do": say("high")}, {"on": "leave", "to": "b"}))
    assert play.send("leave").send("n", to=5).said == []


def test_an_event_comes_first_then_what_became_true_by_it():
    """The event's own transition leaves the state: nobody is there to notice."""
    leave = {"on": "up", "do": [["set", "n", 5]], "to": "b"}
    assert Play(counting({"when": HIGH, "do": say("high")}, leave)).send("up").said == []


def test_whens_come_before_internal_events():
    room = counting(
        {"on": "go", "do": [["raise", "told"], ["set", "n", 5]]},
        {"on": "told", "do": say("told")},
        {"when": HIGH, "do": say("high")},
    )
    assert Play(room).send("go").said == ["high", "told"]


def test_it_is_asked_after_every_microstep():
    """True for one microstep only, between two internal events: it fires there."""
    room = counting(
        {"on": "go", "do": [["raise", "one"], ["raise", "two"]]},
        {"on": "one", "do": [["set", "n", 5]]},
        {"on": "two", "do": [["set", "n", 0], *say("low")]},
        {"when": HIGH, "do": say("high")},
    )
    assert Play(room).send("go").said == ["high", "low"]


def test_inner_first_then_document_order_and_none_is_lost():
    """Two become true at once. The inner one is selected, the outer one goes on waiting and
    fires in the next microstep."""
    room = counting(
        {"when": HIGH, "do": say("outer first")},
        {"when": HIGH, "do": say("outer second")},
        initial="c",
        states={"c": {"transitions": [{"when": HIGH, "do": say("inner")}]}},
    )
    play = Play(room).send("n", to=4)
    assert play.said == ["inner", "outer first", "outer second"]
    assert play.send("n", to=5).said == []


def test_who_gave_way_in_a_conflict_fires_later_if_it_still_holds():
    regions = {
        "one": {
            "initial": "a",
            "states": {"a": {"transitions": [{"when": HIGH, "to": "a2"}]}, "a2": {}},
        },
        "two": {"initial": "b", "states": {"b": {"transitions": [{"when": HIGH, "to": "out"}]}}},
    }
    room = {
        "variables": N,
        "initial": "p",
        "transitions": [{"on": "n", "do": [["set", "n", ["event", "to"]]]}],
        "states": {"p": {"kind": "parallel", "states": regions}, "out": {}},
    }
    play = Play(room).send("n", to=4)
    assert [exited[-1:] for _, exited, _ in play.moved[1:]] == [("p.one.a",), ("p",)]
    assert play.active == ("out",)


def test_who_gave_way_is_forgotten_when_its_state_is_left():
    room = counting(
        {"when": HIGH, "do": say("too late")},
        initial="c",
        states={"c": {"transitions": [{"when": HIGH, "to": "b"}]}},
    )
    assert Play(room).send("n", to=4).said == []


def test_who_gave_way_is_disarmed_when_the_condition_turns_false():
    room = counting(
        {"when": HIGH, "do": say("outer")},
        initial="c",
        states={"c": {"transitions": [{"when": HIGH, "do": [["set", "n", 0], *say("inner")]}]}},
    )
    assert Play(room).send("n", to=4).said == ["inner"]


def test_the_guard_is_asked_when_it_becomes_true_and_no_uses_the_edge_up():
    play = Play(counting({"when": HIGH, "if": [">", "m", 0], "do": say("high")}))
    assert play.send("n", to=5).said == []
    assert play.send("m", to=1).said == [], "the edge was used up"
    assert play.send("n", to=0).send("n", to=5).said == ["high"]


def test_what_the_guard_refused_stays_used_up_in_the_same_macrostep():
    room = counting(
        {"when": HIGH, "if": [">", "m", 0], "do": say("high")},
        {"on": "go", "do": [["set", "n", 5], ["raise", "later"]]},
        {"on": "later", "do": [["set", "m", 1]]},
    )
    assert Play(room).send("go").said == []


def test_a_guard_that_regions_share_is_asked_once():
    wrong = {"when": HIGH, "if": ["==", ["/", 1, 0], 1], "do": say("never")}
    room = counting(
        wrong, {"on": "error", "do": say("error")}, kind="parallel", states={"x": {}, "y": {}}
    )
    assert Play(room).send("n", to=5).said == ["error"]


def test_two_edges_in_one_macrostep_are_two():
    room = counting(
        {"when": HIGH, "do": say("high")},
        {"on": "go", "do": [["set", "n", 5], ["raise", "down"], ["raise", "up"]]},
        {"on": "down", "do": [["set", "n", 0]]},
        {"on": "up", "do": [["set", "n", 5]]},
    )
    assert Play(room).send("go").said == ["high", "high"]


def test_nothing_is_kept_of_the_whens_of_a_state_that_was_left():
    """Or else where a room has been would show in the bytes of where it is."""
    wrong = {"when": ["==", ["/", 1, "m"], 1]}
    play = Play(counting({"when": HIGH}, wrong, {"on": "leave", "to": "b"}))
    play.send("n", to=5)
    assert (play.snapshot.held, play.snapshot.erred) != (0, 0)
    play.send("leave")
    assert (play.snapshot.held, play.snapshot.erred) == (0, 0)


def test_in_state_conditions_follow_the_other_region():
    room = {
        "initial": "p",
        "states": {
            "p": {
                "kind": "parallel",
                "states": {
                    "one": {
                        "initial": "a",
                        "states": {"a": {"transitions": [{"on": "go", "to": "a2"}]}, "a2": {}},
                    },
                    "two": {"transitions": [{"when": ["in", "p.one.a2"], "do": say("seen")}]},
                },
            }
        },
    }
    assert Play(room).send("go").said == ["seen"]


def test_people_and_settings_that_come_with_an_event():
    room = states(
        a={
            "transitions": [
                {"when": ["all", "player", "ready"], "do": say("ready")},
                {"when": ["==", "map", ["text", "sea"]], "do": say("sea")},
            ]
        }
    )
    room["settings"] = {"map": {"type": ["choice", "land", "sea"], "default": "land"}}
    play = Play(room, people=(person(),))
    assert play.send("ready", people=(person("ready"),)).said == ["ready"]
    assert play.send("configure", settings={"map": "sea"}).said == ["sea"]
    assert play.send("configure", settings={"map": "sea"}).said == []


NEWS = {
    "people": (["all", "player", "ready"], {"people": (person("ready"),)}),
    "settings": (["==", "gold", 7], {"settings": {"gold": 7}}),
}


def hearing(condition):
    """`a` notices the condition; inside it an event moves states and does nothing else."""
    inner = {"b": {"transitions": [{"on": "move", "to": "c"}]}, "c": {}}
    heard = {"when": condition, "do": say("heard")}
    room = states(a={"initial": "b", "transitions": [heard], "states": inner})
    room["settings"] = {"gold": {"type": ["int", 0, 9], "default": 3}}
    return Play(room, people=(person(),))


@pytest.mark.parametrize("news", NEWS)
@pytest.mark.parametrize("event", ["move", "unheard"])
def test_what_comes_with_an_event_that_only_moves_states_is_heard(news, event):
    """Or that moves nothing at all."""
    condition, brought = NEWS[news]
    play = hearing(condition).send(event, **brought)
    assert play.said == ["heard"]
    assert play.leaves == ("a.c" if event == "move" else "a.b",)


@pytest.mark.parametrize("event", ["move", "unheard"])
def test_a_turn_that_comes_with_an_event_that_only_moves_states_is_heard(event):
    play = hearing([">=", "generation", 3])
    play.generation = 3
    assert play.send(event).said == ["heard"]


@pytest.mark.parametrize("event", ["move", "unheard"])
def test_news_that_say_the_same_are_no_news(event):
    condition, brought = NEWS["people"]
    play = hearing(condition).send(event, **brought)
    assert play.send("unheard", **brought).said == []
    assert play.send("unheard", people=(person(),)).send("unheard", **brought).said == ["heard"]


def test_generation_alone_can_make_it_true():
    play = Play(states(a={"transitions": [{"when": [">=", "generation", 3], "do": say("3")}]}))
    assert [play.wait(turns=1).said for _ in range(4)] == [[], [], ["3"], []]


def test_the_generation_may_come_with_an_event():
    play = Play(states(a={"transitions": [{"when": [">=", "generation", 3], "do": say("3")}]}))
    play.generation = 3
    assert play.send("unheard").said == ["3"]


def test_a_state_that_moves_by_itself_is_noticed_in_another_region():
    """The event only moves one region; the `when` that follows is in the other."""
    regions = {
        "one": {
            "initial": "a",
            "states": {"a": {"transitions": [{"on": "go", "to": "b"}]}, "b": {}},
        },
        "two": {"transitions": [{"when": ["in", "p.one.b"], "to": "out"}]},
    }
    room = states(p={"kind": "parallel", "states": regions}, out={})
    assert Play(room).send("go").active == ("out",)


def test_a_snapshot_remembers_what_was_true():
    play = Play(counting({"when": HIGH, "do": say("high")})).send("n", to=5).reload()
    assert play.send("n", to=6).said == []
    assert play.send("n", to=0).reload().send("n", to=6).said == ["high"]


def test_who_is_unready_has_neither_loaded_nor_refused():
    unready = {"on": "again", "do": [["unready", "player"]]}
    asked = [["count", "player", flag] for flag in ("ready", "loaded", "refused")]
    whens = [{"when": ["==", count, 0], "do": say(count[2])} for count in asked]
    people = (person("ready", "loaded", "refused"),)
    play = Play(states(a={"transitions": [unready, *whens]}), people=people)
    assert play.said == []
    assert play.send("again").said == ["ready", "loaded", "refused"]


def test_it_sees_at_once_whom_the_chart_unreadied_or_dropped():
    """The room carries these out after the macrostep; until then they would still count."""
    room = states(
        wait={"transitions": [{"when": ["all", "player", "ready"], "to": "load"}]},
        load={
            "transitions": [
                {"on": "refused", "do": [["unready", "player"]], "to": "wait"},
                {"on": "lost", "do": [["drop", "lost"]]},
                {"when": ["==", "players", 1], "do": say("alone")},
            ]
        },
    )
    people = (person("ready"), person("ready"))
    play = Play(room, people=people)
    assert play.active == ("load",)
    assert play.send("lost", people=(people[0], person("away", "lost"))).said == ["alone"]
    assert play.send("refused").active == ("wait",)
    assert ("unready", "player") in play.did


@pytest.mark.parametrize("where", ["when", "if", "do"])
def test_it_has_no_event_to_read(where):
    said = {"when": {"when": ["event", "x"]}, "if": {"when": True, "if": ["event", "x"]}}
    said["do"] = {"when": True, "do": [["set", "n", ["event", "x"]]]}
    with pytest.raises(ValueError, match="`event` can be used only in an `on` transition"):
        Play(counting(said[where]))


@pytest.mark.parametrize(
    ("act", "condition"),
    [
        (["drop", "lost"], ["==", ["count", "player", "lost"], 0]),
        (["unready", "player"], ["no", "player", "ready"]),
    ],
    ids=["drop", "unready"],
)
def test_it_is_asked_again_when_an_action_changes_the_people(act, condition):
    """By the actions of one macrostep, without a word from the room in between."""
    go, when = {"on": "go", "do": [act]}, {"when": condition, "to": "b"}
    people = (person("ready"), person("away", "lost"))
    play = Play(states(a={"transitions": [go, when]}, b={}), people=people)
    assert play.active == ("a",)
    assert play.send("go").active == ("b",)


def test_it_is_asked_again_when_an_exit_closes_a_ballot():
    room = states(
        p={
            "kind": "parallel",
            "states": {
                "asking": {
                    "initial": "vote",
                    "states": {
                        "vote": {
                            "permissions": [["allow", ["vote"], ["player"]]],
                            "transitions": [{"on": "go", "to": "p.asking.calm"}],
                        },
                        "calm": {},
                    },
                },
                "waiting": {
                    "transitions": [{"when": ["no", "player", ["chose", "yes"]], "to": "z"}]
                },
            },
        },
        z={},
    )
    room["requests"] = {"vote": {"choice": ["choice", "yes", "no"]}}
    play = Play(room, people=(person(vote="yes"),))
    assert "z" not in play.active
    assert play.send("go").active == ("z",)
