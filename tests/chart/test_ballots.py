"""A choice lives as long as the question: it is forgotten when the state that allows the
request is exited, in the middle of a macrostep too."""

from tests.chart.play import Play, person

VOTE = {
    "players": [1, 8],
    "requests": {"vote": {"choice": ["choice", "yes", "no"]}},
}
MOST_SAY_YES = ["majority", "player", ["chose", "yes"]]


def two_questions(**more):
    """Two states in a row, each leaving when most say yes."""
    ask = {"permissions": [["allow", ["vote"], ["player"]]]}
    return VOTE | {
        "initial": "first",
        "states": {
            "first": ask | {"transitions": [{"when": MOST_SAY_YES, "to": "second"}]},
            "second": ask | {"transitions": [{"when": MOST_SAY_YES, "to": "third"}]} | more,
            "third": {},
        },
    }


def test_a_choice_does_not_answer_the_next_question():
    play = Play(two_questions(), people=[person(), person()])
    play.send("vote", people=(person(vote="yes"), person(vote="yes")))
    assert play.active == ("second",)
    assert play.did == [("close", "vote")]


def test_the_same_choice_counts_when_it_is_made_again():
    play = Play(two_questions(), people=[person()])
    play.send("vote", people=(person(vote="yes"),))
    play.send("vote", people=(person(vote="yes"),))
    assert play.active == ("third",)


def test_nothing_is_closed_where_nobody_chose():
    room = two_questions()
    room["states"]["first"]["transitions"] = [{"on": "go", "to": "second"}]
    play = Play(room, people=[person()])
    play.send("go")
    assert play.did == []


def test_a_choice_outlives_states_that_do_not_allow_its_request():
    inner = {
        "initial": "calm",
        "permissions": [["allow", ["vote"], ["player"]]],
        "states": {
            "calm": {"transitions": [{"on": "turn", "to": "wild"}]},
            "wild": {"transitions": [{"when": MOST_SAY_YES, "to": "over"}]},
        },
    }
    play = Play(VOTE | {"initial": "asked", "states": {"asked": inner, "over": {}}})
    play.send("vote", people=(person(vote="yes"),))
    play.send("turn")
    assert play.active == ("over",)


def test_a_vote_is_open_until_the_exit_actions_have_run():
    """They may still count it; what comes after them may not."""
    count = ["count", "player", ["chose", "yes"]]
    room = two_questions()
    room["variables"] = {name: {"type": ["int", 0, 9], "initial": 0} for name in ("yes", "late")}
    first = room["states"]["first"]
    first["exit"] = [["set", "yes", count], ["announce", "counted"]]
    first["transitions"][0]["do"] = [["set", "late", count], ["announce", "gone"]]
    play = Play(room, people=[person(), person()])
    play.send("vote", people=(person(vote="yes"), person(vote="yes")))
    assert play.variables == {"yes": 2, "late": 0}
    assert play.did == [("announce", "counted"), ("close", "vote"), ("announce", "gone")]


def test_an_inner_states_vote_is_closed_before_the_outer_one_is_exited():
    count = ["count", "player", ["chose", "yes"]]
    inner = {"permissions": [["allow", ["vote"], ["player"]]]}
    outer = {
        "initial": "asked",
        "states": {"asked": inner},
        "exit": [["set", "left", count]],
        "transitions": [{"on": "go", "to": "over"}],
    }
    room = VOTE | {"initial": "outer", "states": {"outer": outer, "over": {}}}
    room["variables"] = {"left": {"type": ["int", 0, 9], "initial": 9}}
    play = Play(room, people=[person(vote="yes")]).send("go")
    assert play.variables == {"left": 0}
    assert play.did == [("close", "vote")]


def test_a_failing_exit_action_does_not_keep_a_choice():
    room = two_questions()
    room["variables"] = {"n": {"type": ["int", 0, 9], "initial": 0}}
    room["states"]["first"]["exit"] = [["set", "n", ["/", 1, "n"]]]
    play = Play(room, people=[person()])
    play.send("vote", people=(person(vote="yes"),))
    assert ("close", "vote") in play.did


def test_a_timer_sees_the_people_of_its_moment():
    enough = {"after": [3000, "ms"], "if": ["all", "player", "ready"], "to": "b"}
    room = {"initial": "a", "states": {"a": {"transitions": [enough]}, "b": {}}}
    play = Play(room | {"players": [1, 8]}, people=[person()])
    play.wait(ms=3000, people=(person("ready"),))
    assert play.active == ("b",)


def test_people_who_change_without_an_event_are_seen_when_time_is_told():
    enough = {"when": ["all", "player", "ready"], "to": "b"}
    room = {"initial": "a", "states": {"a": {"transitions": [enough]}, "b": {}}}
    play = Play(room | {"players": [1, 8]}, people=[person()])
    play.wait(ms=1, people=(person("ready"),))
    assert play.active == ("b",)


def test_a_timer_sees_the_settings_of_its_moment():
    long = {"after": [3000, "ms"], "if": ["==", "rounds", 2], "to": "b"}
    room = {"settings": {"rounds": {"type": ["int", 1, 9], "default": 1}}, "initial": "a"}
    room["states"] = {"a": {"transitions": [long]}, "b": {}}
    play = Play(room)
    play.wait(ms=3000, settings={"rounds": 2})
    assert play.active == ("b",)
