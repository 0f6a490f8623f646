"""The shapes of the wire stand in one table each, and clients in JavaScript know all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import gameroom
from gameroom.lockstep.packets import Body, ChartState, MasterPacket, Roster, RosterRow
from gameroom.wire.events import EVENTS
from gameroom.wire.shape import record_fields

TYPES = (Path(gameroom.__file__).parent / "web" / "gameroom.d.ts").read_text(encoding="utf-8")


def test_each_body_of_an_event_has_a_row() -> None:
    assert {kind.body for kind in EVENTS} == set(get_args(Body))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("Row", RosterRow), ("Roster", Roster), ("Chart", ChartState), ("MasterPacket", MasterPacket)],
)
def test_the_types_of_gameroom_js_have_the_same_fields(name: str, shape: type) -> None:
    found = re.search(rf"^export interface {name} {{\n(.*?)^}}", TYPES, re.MULTILINE | re.DOTALL)
    assert found is not None
    told = re.findall(r"^  readonly (\w+)\??:", found[1], re.MULTILINE)
    assert sorted(told) == sorted(one.name for one in record_fields(shape))
