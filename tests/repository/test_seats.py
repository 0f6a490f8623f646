"""Seats in words count from 1, everywhere: people do, packets and engines count from 0.

What says a seat's number to people says it through one function of its language.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gameroom.lockstep.packets import seat_name

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *(ROOT / "gameroom").rglob("*.py"),
    *(ROOT / "gameroom" / "web").rglob("*.js"),
    *(ROOT / "rooms").rglob("*.js"),
]
# A number that is put into words after "seat"; CSS variables have a hyphen there.
SAID = re.compile(r"\bseats? (?:%[sdr]|\$?\{)(?P<what>[^}]*)")


def written(text: str) -> list[str]:
    """The expressions that are put into words right after the word seat, and count from 0."""
    said = (found["what"].replace(" ", "") for found in SAID.finditer(text))
    return [what for what in said if what != "seat+1"]


def test_a_seat_is_named_from_one() -> None:
    assert seat_name(0) == "seat 1"


@pytest.mark.parametrize("text", ['f"seat {row.seat}"', "`takes seat ${row.seat}`", '"seat %d"'])
def test_what_a_seat_from_zero_looks_like(text: str) -> None:
    assert written(text) != []
    assert written("`seat ${seat + 1}`") == []


def test_no_text_for_people_counts_seats_from_zero() -> None:
    found = {path.name: written(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {name: said for name, said in found.items() if said} == {}
