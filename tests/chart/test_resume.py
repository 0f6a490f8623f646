"""`resume X`: deep history of X, else where X starts."""

from tests.chart.play import Play, say, states


def running(**inner):
    return states(
        running={
            "initial": "iterating",
            "transitions": [{"on": "restart", "to": "running.iterating"}],
            "states": {
                "iterating": {
                    "transitions": [{"on": "pause", "to": "paused"}],
                    **inner,
                },
                "paused": {
                    "transitions": [
                        {"on": "resume", "to": ["resume", "running.iterating"]},
                        {"on": "start over", "to": "running.iterating"},
                    ]
                },
            },
        }
    )


DAYS = {
    "initial": "day",
    "states": {
        "day": {"transitions": [{"on": "turn", "to": "night"}]},
        "night": {
            "initial": "dusk",
            "states": {"dusk": {"transitions": [{"on": "turn", "to": "dark"}]}, "dark": {}},
        },
    },
}


def test_it_goes_back_to_the_leaf():
    play = Play(running(**DAYS)).send("turn").send("turn").send("pause").send("resume")
    assert play.leaves == ("running.iterating.night.dark",)


def test_a_plain_transition_starts_anew():
    play = Play(running(**DAYS)).send("turn").send("pause").send("start over")
    assert play.leaves == ("running.iterating.day",)


def test_what_was_never_left_is_started():
    room = running(**DAYS)
    room["states"]["running"]["initial"] = "paused"
    assert Play(room).send("resume").leaves == ("running.iterating.day",)


def test_a_leaf_is_simply_entered():
    play = Play(running(entry=say("enter"))).send("pause").send("resume")
    assert play.leaves == ("running.iterating",)
    assert play.said == ["enter"]


def test_entry_actions_run_and_timers_start_anew():
    """History recalls where, not when."""
    days = {"initial": "day", "states": {"day": {"entry": say("morning")}}}
    days["states"]["day"]["transitions"] = [{"after": [10, "ms"], "do": say("noon")}]
    play = Play(running(**days)).wait(ms=9).send("pause").wait(ms=100).send("resume")
    assert play.said == ["morning"]
    assert play.wait(ms=9).said == []
    assert play.wait(ms=1).said == ["noon"]


def test_parallel_states_resume_every_region():
    regions = {
        name: {
            "initial": "off",
            "states": {"off": {"transitions": [{"on": name, "to": "on"}]}, "on": {}},
        }
        for name in ("sun", "rain")
    }
    play = Play(running(kind="parallel", states=regions))
    play.send("rain").send("pause").send("resume")
    assert play.leaves == ("running.iterating.sun.off", "running.iterating.rain.on")


def test_it_recalls_beside_a_written_history():
    days = {**DAYS, "states": {**DAYS["states"], "past": {"kind": "history"}}}
    play = Play(running(**days)).send("turn").send("turn").send("pause").send("resume")
    assert play.leaves == ("running.iterating.night.dark",)
