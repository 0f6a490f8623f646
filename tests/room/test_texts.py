"""What people's texts become in a room: names that nobody confuses, and lines that stay lines."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameroom.lockstep import packets
from gameroom.room import inputs
from gameroom.texts import NAME_CHARACTERS_MAX, clean_line, clean_name, looks
from tests.room.table import PLAIN, Table
from tests.texts.strategies import hostile, lookalikes, nearly_names

FAMILY = "👨\u200d👩\u200d👧"
HALL = PLAIN.replace("players 2..3", "players 2..8").replace("0..2", "0..40")
SPEAKING = PLAIN.replace(
    'on won -> ended because "somebody won"',
    'on won -> ended because "a\\nwinner\\u202e"',
).replace(
    "extend state running.paused.lagging {",
    'extend state setup.gathering { on ready do { announce "ready:\\n\\u2067go" } }\n'
    "  extend state running.paused.lagging {",
)


def names(table: Table) -> list[str]:
    return [member.name for member in table.room.people]


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ("José", "Jose\u0301", "José (2)"),
        ("ann", "аnn", "аnn (2)"),
        ("ann", "Ann", "Ann (2)"),
        ("ann", "a\u200bnn", "ann (2)"),
        ("می\u200cخواهم", "میخواهم", "میخواهم (2)"),
        ("ann (2)", "ann (2)", "ann (2) (2)"),
        ("x" * 32, "x" * 32, "x" * 28 + " (2)"),
        (
            "👨\u200d👩\u200d👧" * 6,
            "👨\u200d👩\u200d👧" * 6,
            "👨\u200d👩\u200d👧" * 5 + "👨\u200d👩 (2)",
        ),
        ("ann", "anna", "anna"),
    ],
)
def test_who_looks_like_somebody_gets_a_number(first: str, second: str, shown: str) -> None:
    table = Table()
    table.send("u1", inputs.Join(first))
    table.send("u2", inputs.Join(second))
    assert names(table) == [first, shown]


def test_a_refused_name_says_why() -> None:
    refused = Table().send("u", inputs.Join("\u3164")).problem
    assert refused is not None
    assert (refused.code, refused.detail) == (
        "bad_name",
        "A name needs at least one visible character.",
    )


def test_a_hall_of_one_name() -> None:
    table = Table(HALL)
    for at in range(40):
        table.send(f"u{at}", inputs.Join("ann", spectate=at > 3))
    assert names(table)[:3] == ["ann", "ann (2)", "ann (3)"]
    assert len(set(names(table))) == 40


def test_names_are_told_apart_after_a_restart() -> None:
    table = Table()
    table.join("ann", "bob")
    again = table.restarted()
    again.send("u", inputs.Join("аnn"))
    assert names(again) == ["ann", "bob", "аnn (2)"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_no_two_people_in_a_room_look_alike(data: st.DataObject) -> None:
    table = Table(HALL)
    base = data.draw(st.sampled_from(["Iain", "ann", "rn (2)", "מלך 1"]))
    wishes = data.draw(
        st.lists(st.one_of(lookalikes(base), nearly_names, st.just(base)), min_size=2, max_size=8)
    )
    for at, wish in enumerate(wishes):
        table.send(f"u{at}", inputs.Join(wish))
    assert names(table) == list(map(clean_name, names(table)))
    assert all(len(name) <= NAME_CHARACTERS_MAX for name in names(table))
    for one, other in combinations(names(table), 2):
        assert looks(one).own.isdisjoint(looks(other).like), (ascii(one), ascii(other))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(hostile, st.lists(hostile.map(lambda text: text[:200]), max_size=3))
def test_whatever_is_sent_all_are_told_one_clean_line(text: str, reasons: list[str]) -> None:
    table = Table()
    table.send("ann", inputs.Join(text))
    table.join("bob", "cid")
    table.send("bob", inputs.Say(text))
    table.ready("bob", "cid")
    if "ann" in table.room.people.members:
        table.send("ann", inputs.Ready())
    assert "setup.starting" in table.states
    table.send("bob", inputs.Load(tuple(reasons)))
    for event in table.told:
        match event.body:
            case packets.Chat(name, line):
                said = [line]
                assert name == "bob"
            case packets.Refused(reasons=lines):
                said = list(lines)
            case packets.Roster(seats=seats):
                said = []
                assert all(clean_name(seat.name) == seat.name for seat in seats)
            case _:
                continue
        assert all(line and clean_line(line) == line for line in said)


def test_a_line_of_chat_needs_something_visible() -> None:
    table = Table()
    table.join("ann")
    for text in ("", " ", "\u3164", "\n\n", "\u202e", "\u200d"):
        assert table.send("ann", inputs.Say(text)).problem.code == "bad_text"
    assert table.send("ann", inputs.Say("one\ntwo\u202e")).status == 204
    assert table.last(packets.Chat) == packets.Chat("ann", "one two")


def test_reasons_are_lines() -> None:
    table = Table()
    table.join("ann", "bob")
    table.ready("ann", "bob")
    assert table.send("ann", inputs.Load(("\u3164", " "))).problem.code == "bad_reasons"
    table.send("ann", inputs.Load(("the map\nis too\x1b[31m large", "\u2800")))
    assert table.last(packets.Refused) == packets.Refused(0, ("the map is too [31m large",))


def test_what_the_room_file_says_is_one_line_too() -> None:
    table = Table(SPEAKING)
    table.join("ann", "bob")
    table.ready("ann")
    assert table.last(packets.Announcement) == packets.Announcement("ready: go")
