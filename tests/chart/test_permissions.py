"""Who may do what now."""

import pytest

from gameroom.chart import allowed, ruling, ruling_in
from tests.chart.play import Play, states

PLAYER = frozenset({"player"})
HOST = frozenset({"player", "host"})
WATCHER = frozenset({"spectator"})


def permitting(*said):
    return {"permissions": [[effect, names.split(), who.split()] for effect, names, who in said]}


def along(root, outer, inner):
    room = states(outer={"initial": "inner", "states": {"inner": permitting(*inner)}})
    room["states"]["outer"] |= permitting(*outer)
    return Play(room | permitting(*root) | {"roles": {"host": "player"}})


def rules(play, name, kinds=PLAYER):
    return ruling(play.chart, play.snapshot, name, kinds)


def test_what_nobody_speaks_of_is_unsaid():
    play = along([], [], [("allow", "move", "player")])
    assert rules(play, "build") == "unsaid"
    assert rules(play, "move", WATCHER) == "unsaid"
    assert rules(play, "move", frozenset()) == "unsaid"


def test_allow_reaches_down_the_tree():
    play = along([("allow", "leave", "anyone")], [("allow", "move", "player")], [])
    assert rules(play, "leave", WATCHER) == "allow"
    assert rules(play, "move") == "allow"


def test_the_innermost_word_counts():
    play = along(
        [("allow", "chat move", "anyone")],
        [("deny", "chat", "anyone")],
        [("ignore", "move", "player")],
    )
    assert rules(play, "chat") == "deny"
    assert rules(play, "move") == "ignore"


def test_a_state_may_allow_again_what_an_outer_one_denies():
    play = along([], [("deny", "move", "anyone")], [("allow", "move", "host")])
    assert rules(play, "move", HOST) == "allow"
    assert rules(play, "move", PLAYER) == "deny"


def test_within_a_state_the_last_word_counts():
    play = along([], [], [("allow", "move", "player"), ("deny", "move", "host")])
    assert rules(play, "move", HOST) == "deny"
    assert rules(play, "move", PLAYER) == "allow"


def parallel(*rulings):
    regions = {
        f"r{index}": permitting((effect, "move", "player")) if effect else {}
        for index, effect in enumerate(rulings)
    }
    return Play(states(p={"kind": "parallel", "states": regions}))


@pytest.mark.parametrize(
    ("regions", "answer"),
    [
        (("allow", "deny"), "deny"),
        (("deny", "allow", "ignore"), "deny"),
        (("ignore", "allow"), "allow"),
        (("ignore", ""), "ignore"),
        (("", "allow"), "allow"),
        (("", ""), "unsaid"),
    ],
)
def test_between_regions_deny_beats_allow_beats_ignore_beats_unsaid(regions, answer):
    assert rules(parallel(*regions), "move") == answer


def test_rulings_follow_the_configuration():
    room = states(
        day=permitting(("allow", "move", "player"))
        | {"transitions": [{"on": "dusk", "to": "night"}]},
        night={},
    )
    play = Play(room)
    assert rules(play, "move") == "allow"
    assert rules(play.send("dusk"), "move") == "unsaid"


def test_allowed_lists_what_goes_now_in_document_order():
    play = along(
        [("allow", "leave chat", "anyone")],
        [("allow", "move build", "player"), ("ignore", "wave", "player")],
        [("deny", "chat", "player"), ("allow", "pause", "host"), ("allow", "move", "player")],
    )
    assert allowed(play.chart, play.snapshot, PLAYER) == ("leave", "move", "build")
    assert allowed(play.chart, play.snapshot, HOST) == ("leave", "move", "build", "pause")
    assert allowed(play.chart, play.snapshot, WATCHER) == ("leave", "chat")


def test_allowed_goes_by_the_active_states_alone():
    said = [["allow", ["build", "move"], ["player"]]]
    room = {
        "initial": "now",
        "states": {
            "before": {"permissions": [["allow", ["move"], ["player"]]]},
            "now": {"permissions": said},
        },
    }
    play = Play(room)
    assert allowed(play.chart, play.snapshot, PLAYER) == ("build", "move")


def test_strange_names_do_not_pile_up():
    """Names come from clients; what is remembered of them is bounded."""
    play = along([], [], [("allow", "move", "player")])
    for index in range(5000):
        assert rules(play, f"strange{index}") == "unsaid"
    (known,) = play.chart.memo.configurations.values()
    assert len(known.rulings) <= 512
    assert rules(play, "move") == "allow"


def test_states_that_were_told_say_the_same_as_those_that_are_active():
    play = along(
        [("allow", "leave", "anyone")], [("allow", "move", "player")], [("deny", "move", "host")]
    )
    told = ["outer", "outer.inner"]
    for name in ("leave", "move", "build"):
        for kinds in (PLAYER, HOST, WATCHER):
            assert ruling_in(play.chart, told, name, kinds) == rules(play, name, kinds)
    assert ruling_in(play.chart, ["outer"], "move", HOST) == "allow", "the inner one is not told"
    with pytest.raises(KeyError):
        ruling_in(play.chart, ["nowhere"], "move", HOST)
