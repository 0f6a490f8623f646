"""The trace: what was asked, what was taken, and why a guard said no."""

from gameroom.chart import MacroStep, Removed
from tests.chart.play import Play, person, say, states

ROOM = {
    "variables": {"rounds": {"type": ["int", 0, 9], "initial": 2}},
    **states(
        play={
            "initial": "day",
            "exit": say("bye"),
            "transitions": [{"on": "round_over", "do": [["set", "rounds", 9]], "to": "ended"}],
            "states": {
                "day": {
                    "transitions": [
                        {"on": "round_over", "if": ["<", "rounds", 2], "to": "day"},
                        {"on": "round_over", "if": ["==", ["/", 1, 0], 1], "to": "day"},
                        {"when": ["and", ["majority", "player", "ready"], ["in", "ended"]]},
                    ]
                }
            },
        },
        ended={"kind": "final"},
    ),
}


def test_a_macrostep_can_be_read():
    play = Play(ROOM, people=(person("ready"), person()))
    play.send("round_over")
    (macrostep,) = play.trace
    assert isinstance(macrostep, MacroStep)
    assert (
        str(macrostep)
        == """\
round_over
  round_over
    ? play.day: on round_over if rounds < 2 -> day: guard (rounds < 2 is false: rounds is 2)
    ? play.day: on round_over if 1 / 0 == 1 -> day: error \
(1 / 0 == 1 is an error, division by zero)
    ? play: on round_over do { set rounds = 9 } -> ended: enabled
    - play.day
    - play
    ! announce "bye"
    ! set rounds = 9
    + ended
=> ended"""
    )


def test_a_when_says_why_not():
    play = Play(ROOM, people=(person("ready"), person()))
    (considered,) = play.trace[0].microsteps[-1].considered
    assert considered.verdict == "false"
    assert considered.why == (
        "majority of player ready and in(ended) is false:"
        " majority of player ready is false (1 of 2), in(ended) is false"
    )


def test_a_when_that_has_fired_says_so():
    play = Play(states(a={"transitions": [{"when": True, "do": say("once")}]})).send("x")
    (considered,) = play.trace[0].microsteps[-1].considered
    assert considered.verdict == "fired"


def test_conflicts_name_loser_and_winner():
    regions = {
        "one": {"transitions": [{"on": "go", "to": "x"}]},
        "two": {"transitions": [{"on": "go", "to": "y"}]},
    }
    play = Play(states(p={"kind": "parallel", "states": regions}, x={}, y={})).send("go")
    assert play.trace[0].microsteps[0].removed == (Removed(1, 0),)
    assert "    x transition 1 gave way to 0\n" in str(play.trace[0])


def test_an_action_that_failed_says_why():
    play = Play(
        {
            "variables": {"n": {"type": ["int", 0, 3], "initial": 3}},
            **states(a={"transitions": [{"on": "go", "do": [["set", "n", ["+", "n", 1]]]}]}),
        }
    ).send("go")
    assert play.trace[0].microsteps[0].actions == ("set n = n + 1: `n` is 4, outside 0..3",)


def test_what_nobody_waits_for_is_traced_too():
    play = Play(states(a={})).send("unheard")
    assert [step.event for step in play.trace[0].microsteps] == ["unheard"]
    assert play.trace[0].microsteps[0].taken == ()


def test_internal_events_are_microsteps_of_their_own():
    go = [{"on": "go", "do": [["raise", "told"]]}, {"on": "told", "do": say("told")}]
    play = Play(states(a={"transitions": go})).send("go")
    assert [step.event for step in play.trace[0].microsteps] == ["go", "told"]


def test_the_beginning_is_traced():
    assert Play(ROOM).trace[0].microsteps[0].entered == ("play", "play.day")


def test_where_a_condition_looks_is_told_of_each_state():
    room = states(
        a={"transitions": [{"on": "go", "if": ["and", ["in", "a"], ["in", "b"]], "to": "b"}]}, b={}
    )
    (considered,) = Play(room).send("go").trace[0].microsteps[0].considered
    assert considered.why == "in(a) and in(b) is false: in(a) is true, in(b) is false"


def test_a_choice_is_counted_in_the_request_that_it_names():
    ask = ["all", "player", ["chose", "vote", "yes"]]
    room = states(a={"transitions": [{"on": "go", "if": ask, "to": "b"}]}, b={})
    choice = ["choice", "yes", "no"]
    room["requests"] = {"vote": {"choice": choice}, "poll": {"choice": choice}}
    people = (person(vote="yes"), person(poll="yes"), person(vote="no"))
    (considered,) = Play(room, people=people).send("go").trace[0].microsteps[0].considered
    assert considered.why.endswith("is false: 1 of 3")


def test_a_timer_whose_guard_says_no_is_told_as_such_alone():
    room = states(a={"transitions": [{"after": [10, "ms"], "if": ["in", "b"], "to": "b"}]}, b={})
    (macrostep,) = Play(room).wait(ms=10).trace
    (considered,) = macrostep.microsteps[0].considered
    assert (considered.verdict, considered.why) == ("guard", "in(b) is false")


def test_a_beginning_is_a_macrostep_with_its_entries():
    play = Play(states(a={"entry": say("hello"), "transitions": [{"when": True, "to": "b"}]}, b={}))
    (macrostep,) = play.trace
    assert str(macrostep).startswith('begin\n  begin\n    ! announce "hello"\n    + a')
    first, second = macrostep.microsteps[:2]
    assert first.considered == ()
    assert [(one.transition, one.verdict) for one in second.considered] == [(0, "enabled")]


def test_microsteps_are_written_one_below_the_other():
    go = [{"on": "go", "do": [["raise", "told"]]}, {"on": "told", "to": "b"}]
    play = Play(states(a={"transitions": go}, b={})).send("go")
    assert (
        str(play.trace[0])
        == """\
go
  go
    ? a: on go do { raise told }: enabled
    ! raise told
  told
    ? a: on told -> b: enabled
    - a
    + b
=> live"""
    )


def test_each_microstep_tells_only_what_it_asked_itself():
    asked = [{"on": "go", "if": ["in", "b"], "to": "b"}, {"when": ["in", "b"], "to": "b"}]
    play = Play(states(a={"transitions": asked}, b={})).send("go")
    first, second = play.trace[0].microsteps
    assert [one.verdict for one in first.considered] == ["guard"]
    assert [one.verdict for one in second.considered] == ["false"]


def test_a_timer_says_whether_its_guard_let_it_through():
    after = {"after": [10, "ms"], "if": ["in", "b"], "to": "b"}
    play = Play(states(a={"transitions": [after, {"after": [10, "ms"], "to": "b"}]}, b={}))
    refused, taken = play.wait(10).trace
    assert [one.verdict for one in refused.microsteps[0].considered] == ["guard"]
    assert [one.verdict for one in taken.microsteps[0].considered] == ["enabled"]


def test_a_when_that_moves_as_time_passes_is_traced():
    when = {"when": [">", "generation", 2], "to": "b"}
    play = Play(states(a={"transitions": [when]}, b={}))
    assert play.wait(turns=2).trace == []
    (macrostep,) = play.wait(turns=1).trace
    assert [one.verdict for one in macrostep.microsteps[0].considered] == ["enabled"]
    assert macrostep.microsteps[0].entered == ("b",)


def test_a_when_without_a_value_says_error():
    play = Play(states(a={"transitions": [{"when": ["==", ["/", 1, 0], 1], "to": "a"}]})).send("x")
    verdicts = [one.verdict for step in play.trace[0].microsteps for one in step.considered]
    assert set(verdicts) == {"error"}


def test_what_follows_from_a_move_is_considered_anew():
    """Each microstep has its own list: nothing of one is told with the next."""
    first = {"on": "go", "to": "b"}
    play = Play(
        states(a={"transitions": [first]}, b={"transitions": [{"when": True, "to": "c"}]}, c={})
    )
    play.send("go")
    looked = [[one.transition for one in step.considered] for step in play.trace[0].microsteps]
    assert looked == [[0], [1]]
