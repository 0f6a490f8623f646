"""The table of what happens to people, and that they notice what changes."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gameroom.lockstep.packets import Roster, RosterRow
from gameroom.model.builtin import DOINGS, EVENTS, FLAGS
from gameroom.room.lifecycle import RULES
from gameroom.room.people import TOLD
from tests.room.table import Table

FIXED = {"seat", "user", "name"}
TIMES = {"absent_ms", "lost_in_ms"}
OTHERS = {
    "roles": frozenset({"host"}),
    "team": "red",
    "slow_by": "line",
    "choices": {"vote": "drop"},
}


def rows() -> set[str]:
    """The fields of a roster's row that can change, as the room names them."""
    return {"slow_by" if one.name == "slow" else one.name for one in fields(RosterRow)}


def test_what_everybody_sees_is_what_is_noticed() -> None:
    assert {"slow"} | rows() - FIXED - TIMES == TOLD


@pytest.mark.parametrize("field", sorted(rows() - FIXED - TIMES))
def test_a_change_of_each_field_is_told(field: str) -> None:
    table = Table().start("ann", "bob")
    bob = table.room.people.seated()[1]
    said = len(table.told)
    value = OTHERS.get(field, not getattr(bob, field, None))
    assert getattr(bob, field) != value
    setattr(bob, field, value)
    table.wait(1_000)
    (roster,) = [one.body for one in table.told[said:] if isinstance(one.body, Roster)]
    shown = getattr(roster.seats[1], "slow" if field == "slow_by" else field)
    assert shown == (("host",) if field == "roles" else value)


def test_the_same_again_is_no_change() -> None:
    table = Table().start("ann", "bob")
    bob = table.room.people.seated()[1]
    for field in TOLD:
        setattr(bob, field, getattr(bob, field))
    assert not table.room.people.changed


def test_every_event_of_a_person_has_a_row_and_every_flag_is_set_and_cleared() -> None:
    assert {event for event, rule in RULES.items() if rule.heard != "never"} == {*EVENTS} - {
        "error"
    }
    assert {rule.asks for rule in RULES.values() if rule.asks is not None} == {*DOINGS} - {"chat"}
    for flag in FLAGS:
        assert any(flag in rule.sets for rule in RULES.values()), flag
        assert any(flag in rule.clears for rule in RULES.values()), flag
