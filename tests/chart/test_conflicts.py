"""Two transitions that would exit the same state: one of them gives way."""

from tests.chart.play import Play, say, states


def two_regions(left, right, **around):
    """A parallel state with a state in each region that has the given transitions."""
    play = {
        "kind": "parallel",
        "states": {
            "left": {"initial": "l", "states": {"l": {"transitions": left}, "l2": {}}},
            "right": {"initial": "r", "states": {"r": {"transitions": right}, "r2": {}}},
        },
        **around,
    }
    return states(play=play, out={}, away={})


def test_regions_that_do_not_meet_both_move():
    play = Play(two_regions([{"on": "go", "to": "l2"}], [{"on": "go", "to": "r2"}]))
    play.send("go")
    assert play.leaves == ("play.left.l2", "play.right.r2")
    assert [moved[1:] for moved in play.moved] == [
        (("play.left.l",), ("play.left.l2",)),
        (("play.right.r",), ("play.right.r2",)),
    ]


def test_between_regions_document_order_wins():
    """Both leave the parallel state: the first region's transition preempts the other."""
    play = Play(two_regions([{"on": "go", "to": "out"}], [{"on": "go", "to": "away"}]))
    assert play.send("go").active == ("out",)
    assert len(play.moved) == 1


def test_a_transition_inside_one_region_preempts_a_later_one_out_of_both():
    play = Play(two_regions([{"on": "go", "to": "l2"}], [{"on": "go", "to": "out"}]))
    assert play.send("go").leaves == ("play.left.l2", "play.right.r")


def test_an_earlier_transition_out_of_both_preempts_a_later_one_inside():
    play = Play(two_regions([{"on": "go", "to": "out"}], [{"on": "go", "to": "r2"}]))
    assert play.send("go").active == ("out",)


def test_the_descendant_wins_over_the_ancestor_that_another_region_selected():
    """The left region has nothing, so it takes the parallel state's own transition; the
    right one has its own, deeper in the tree: the ancestor's gives way."""
    around = {"transitions": [{"on": "go", "to": "out"}]}
    play = Play(two_regions([], [{"on": "go", "to": "r2"}], **around))
    assert play.send("go").leaves == ("play.left.l", "play.right.r2")
    (removed,) = play.trace[0].microsteps[0].removed
    assert (removed.transition, removed.winner) == (0, 1)


def test_a_transition_without_a_target_conflicts_with_nothing():
    play = Play(two_regions([{"on": "go", "do": say("left")}], [{"on": "go", "to": "out"}]))
    assert play.send("go").active == ("out",)
    assert play.said == ["left"]


def test_an_ancestors_transition_is_taken_once_though_two_regions_select_it():
    around = {"transitions": [{"on": "go", "do": say("once")}]}
    play = Play(two_regions([], [], **around))
    assert play.send("go").said == ["once"]


def test_a_guard_that_regions_share_is_asked_once():
    """Its error is one error, not one for every region."""
    wrong = {"on": "go", "if": ["==", ["/", 1, 0], 1], "to": "out"}
    around = {"transitions": [wrong, {"on": "error", "do": say("error")}]}
    assert Play(two_regions([], [], **around)).send("go").said == ["error"]
