"""What a path means depends on who says it."""

import pytest

from gameroom.model import State
from gameroom.model.paths import descend, is_within, parent, resolve, walk


def chart() -> State:
    return State(
        "",
        states=(
            State("setup", states=(State("gathering"), State("starting"))),
            State(
                "running",
                states=(
                    State("iterating", states=(State("day"), State("night"))),
                    State("paused", states=(State("held"), State("running"))),
                ),
            ),
            State("ended", kind="final"),
        ),
    )


@pytest.mark.parametrize(
    ("source", "target", "path"),
    [
        ("running.iterating", "night", "running.iterating.night"),
        ("running.iterating.day", "night", "running.iterating.night"),
        ("running.iterating.day", "day", "running.iterating.day"),
        ("running.iterating.day", "paused.held", "running.paused.held"),
        ("running.iterating.day", "ended", "ended"),
        ("setup.gathering", "running.paused.held", "running.paused.held"),
        ("", "setup.starting", "setup.starting"),
        ("setup", "starting", "setup.starting"),
        ("setup.gathering", "nowhere", None),
        ("setup.gathering", "day", None),
        ("", "setup.gathering.deeper", None),
    ],
)
def test_the_nearest_level_that_has_the_first_segment_decides(
    source: str, target: str, path: str | None
) -> None:
    assert resolve(chart(), source, target) == path


def test_a_nearer_state_of_the_same_name_hides_the_outer_one() -> None:
    assert resolve(chart(), "running.paused.held", "running") == "running.paused.running"
    assert resolve(chart(), "running.paused.held", "running.iterating") is None


def test_walk_goes_in_document_order_with_the_root_first() -> None:
    paths = [path for path, _ in walk(chart())]
    assert paths[:4] == ["", "setup", "setup.gathering", "setup.starting"]
    assert paths[-1] == "ended"
    assert all(descend(chart(), path) is not None for path in paths)


def test_within_counts_whole_segments() -> None:
    assert is_within("running.paused", "running")
    assert is_within("running", "running")
    assert is_within("running", "")
    assert not is_within("runningx", "running")
    assert parent("running") == ""
