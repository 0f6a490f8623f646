"""The policy table: defaults, forms and bounds."""

import pytest

from gameroom.model import Duration, Policy, PolicyEntry, Rate, RoomFile
from gameroom.model.policies import KEYS, POLICIES, misfit_entry, number, policy, times


def test_a_room_without_policies_is_complete() -> None:
    for row in KEYS:
        assert policy(RoomFile("r"), row.policy, row.key) == row.default


def test_what_the_room_says_counts() -> None:
    lag = Policy("lag", (PolicyEntry("pause_after", Duration(5000, "ms")),))
    pace = Policy(
        "pace",
        (
            PolicyEntry("tick", Rate(30)),
            PolicyEntry("turn", (Duration(50, "ms"), Duration(250, "ms"))),
            PolicyEntry("ahead", 3),
        ),
    )
    turns = Policy("turns", (PolicyEntry("gather", ("within", Duration(250, "ms"))),))
    room = RoomFile("r", policies=(lag, pace, turns))
    assert number(room, "lag", "pause_after") == 5000
    assert number(room, "lag", "drop_after") == 57_000
    assert times(room, "pace", "turn") == (50, 250)
    assert number(room, "pace", "tick") == 30
    assert policy(room, "pace", "ahead") == 3
    assert policy(room, "turns", "gather") == 250


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("lag", "pause_after", Duration(3, "turns")),
        ("lag", "pause_after", Duration(1, "ms")),
        ("lag", "pause_after", 3000),
        ("pace", "tick", 20),
        ("pace", "tick", Rate(0)),
        ("pace", "turn", (Duration(500, "ms"), Duration(100, "ms"))),
        ("pace", "ahead", 9),
        ("pace", "ahead", True),
        ("turns", "gather", "some"),
        ("chat", "open", "maybe"),
    ],
)
def test_a_misfit_is_told(name: str, key: str, value: object) -> None:
    assert misfit_entry(POLICIES[name][key], PolicyEntry(key, value)) is not None  # type: ignore[arg-type]  # on purpose
