"""The report of a desync: what differs is named, and nobody's word goes further than it may."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.desyncfile import BadReportError, read
from gameroom.formats import FORMATS, RELEASE
from gameroom.lockstep.canonical import DEPTH_MAX, canonical, checksum
from gameroom.lockstep.checksums import Checksums, verdict
from gameroom.lockstep.desync_report import (
    DIFFERENCES_MAX,
    HAPPENED_MAX,
    DesyncReport,
    Subject,
    Witness,
    differences,
    differing_parts,
    doubts,
    read_state,
    report,
)
from gameroom.lockstep.packets import (
    ChartState,
    Checksum,
    Command,
    Diverged,
    MasterPacket,
    Moved,
    Moves,
    SeatCommands,
)

ANN, BOB, CID = 0, 1, 2
NAMES = ("ann", "bob", "cid")
SUBJECT = Subject("room-1", "quick", "ab" * 32, 7, {"map": "plains"}, 1000, 2000)

# Keys without dots, so that a path is the place's own and no other's.
KEYS = st.text("abcxyz_", min_size=1, max_size=4)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text())
STATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)


def told(
    states: dict[int, Any],
    generation: int | None = 41,
    values: dict[int, int] | None = None,
    **more: Any,
) -> DesyncReport:
    """The report where each of these seats sent its whole state of turn 41."""
    sums = values or {seat: checksum(state) for seat, state in states.items()}
    found = verdict(41, sums)
    assert isinstance(found, Diverged)
    witnesses = [
        Witness(
            seat,
            NAMES[seat],
            value,
            generation,
            {"": checksum(states[seat])} if seat in states else {},
            canonical(states[seat]) if seat in states else None,
        )
        for seat, value in found.values.items()
    ]
    happened = more.pop("happened", ())
    return report(SUBJECT, found, Checksum(40, 9), happened, more.pop("witnesses", witnesses))


def leaves(state: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(state, dict):
        return [one for name in state for one in leaves(state[name], (*path, name))]
    if isinstance(state, list):
        return [one for i, item in enumerate(state) for one in leaves(item, (*path, i))]
    return [path]


def put(state: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    made = copy.deepcopy(state)
    parent = made
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    return made


@given(STATES, st.data())
def test_the_one_planted_difference_is_the_one_that_is_named(state: Any, data: st.DataObject):
    places = leaves(state)
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    before = state
    for step in place:
        before = before[step]
    other = data.draw(LEAVES.filter(lambda v: type(v) is not type(before) or v != before))
    altered = put(state, place, other)
    body = told({ANN: state, BOB: altered, CID: state}, values={ANN: 1, BOB: 2, CID: 1}).body
    (found,) = body["differences"]
    assert found["path"] == ".".join(map(str, place))
    shown = {seat: value[:200] if isinstance(value, str) else value
             for seat, value in (("0", before), ("1", other), ("2", before))}  # fmt: skip
    assert found["values"] == shown
    assert (body["by"], body["compared"]) == ("states", 41)
    assert [row["side"] for row in body["seats"]] == ["majority", "minority", "majority"]


@given(STATES, STATES)
def test_what_is_written_is_read_again(one: Any, other: Any):
    made = told({ANN: one, BOB: other}, values={ANN: 1, BOB: 2})
    assert read(made.dump()).body == json.loads(made.dump())
    assert read(made.dump()).dump() == made.dump()
    assert bool(made.body["differences"]) == (canonical(one) != canonical(other))


@given(STATES, STATES)
def test_states_that_differ_have_a_difference_and_equal_ones_have_none(one: Any, other: Any):
    assert bool(differences({0: one, 1: other})) == (canonical(one) != canonical(other))
    assert differences({0: one, 1: copy.deepcopy(one)}) == []


def test_differences_come_in_canonical_order_and_tell_what_is_missing():
    ann = {"units": [{"hp": 3, "x": 1}, {"hp": 4, "x": 2}], "dice": [1], "mood": None}
    bob = {"units": [{"hp": 3, "x": 7}, {"hp": 5, "x": 2}, {"hp": 9}], "dice": [1], "night": True}
    found = told({ANN: ann, BOB: bob}).body["differences"]
    assert found == [
        {"path": "mood", "values": {"0": None}},
        {"path": "night", "values": {"1": True}},
        {"path": "units.0.x", "values": {"0": 1, "1": 7}},
        {"path": "units.1.hp", "values": {"0": 4, "1": 5}},
        {"path": "units.2", "values": {"1": {"map": 1}}},
    ]


def test_true_is_not_one():
    for one, true in ((1, True), ([1], [True]), ([[1]], [[True]]), ([{"x": 1}], [{"x": True}])):
        assert told({ANN: one, BOB: true}, values={ANN: 1, BOB: 2}).body["differences"]


def test_only_the_first_differences_are_told_and_the_rest_are_counted():
    ann, bob = [0] * 700, [1] * 700
    body = told({ANN: ann, BOB: bob}).body
    assert len(body["differences"]) == DIFFERENCES_MAX
    assert body["differences_left_out"] == 200


def test_without_both_states_the_hashes_tell_the_smallest_part():
    sums = {ANN: 1, BOB: 2, CID: 1}
    parts = {"": 1, "dice": 2, "units": 3, "units.0..63": 4, "units.64..127": 5, "units.7.hp": 6}
    bad = {**parts, "": 9, "units": 9, "units.0..63": 9, "units.7.hp": 9}
    witnesses = [
        Witness(ANN, "ann", 1, 41, parts),
        Witness(BOB, "bob", 2, 41, bad),
        Witness(CID, "cid", 1, 41, parts, canonical({"dice": 1})),
    ]
    body = told({}, values=sums, witnesses=witnesses).body
    assert body["by"] == "parts"
    assert body["differences"] == [{"path": "units.7.hp", "values": {"0": 6, "1": 9, "2": 6}}]


def test_a_stretch_is_named_where_nothing_smaller_is_known():
    parts = {"": 1, "0..127": 2, "128..255": 3}
    found = differing_parts({0: parts, 1: {**parts, "": 5, "128..255": 4}})
    assert found == [("128..255", {0: 3, 1: 4})]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("0..63 0..127", "0..63"),
        ("0..127 64..127", "64..127"),
        ("0..63 32..95", "0..63 32..95"),
        ("units units.0..63 units.64..127.x", "units.0..63 units.64..127.x"),
        ("units dice", "units dice"),
        ("0..63 dice", "0..63 dice"),
    ],
)
def test_a_part_that_holds_another_one_is_not_named(given: str, named: str):
    parts = dict.fromkeys(given.split(), 1)
    found = differing_parts({0: parts, 1: dict.fromkeys(parts, 2)})
    assert " ".join(path for path, _ in found) == named


def test_only_parts_that_everybody_named_are_compared():
    found = differing_parts({0: {"dice": 1, "units": 2}, 1: {"dice": 3}, 2: {"dice": 1}})
    assert found == [("dice", {0: 1, 1: 3, 2: 1})]


def test_a_list_or_a_map_is_shown_by_its_size():
    found = told({ANN: {"x": [1, 2], "y": {"z": 1}}, BOB: {"x": 3, "y": None}}).body["differences"]
    assert [one["values"] for one in found] == [
        {"0": {"list": 2}, "1": 3},
        {"0": {"map": 1}, "1": None},
    ]


def test_nothing_is_compared_across_generations():
    states = {ANN: {"x": 1}, BOB: {"x": 2}}
    witnesses = [
        Witness(seat, NAMES[seat], seat, 41 + seat, {"": seat}, canonical(states[seat]))
        for seat in states
    ]
    body = told({}, values={ANN: 0, BOB: 1}, witnesses=witnesses).body
    assert (body["compared"], body["differences"]) == (None, [])
    assert body["states"] == {"0": {"x": 1}, "1": {"x": 2}}


def test_nobody_said_anything():
    body = told({}, generation=None, values={ANN: 1, BOB: 2}).body
    assert [row["side"] for row in body["seats"]] == ["unknown", "unknown"]
    assert (body["by"], body["decidable"]) == (None, False)
    assert (body["differences"], body["differences_left_out"]) == ([], 0)
    assert read(DesyncReport(body).dump()).generation == 41


def test_what_happened_is_told_in_order_and_cut_from_the_front():
    move = Command("move", {"unit": 3})
    chart = ChartState(("running",), {}, (Moved(4, "resume", ("a",), ("b",), None),))
    happened: list[MasterPacket | Moves] = [
        MasterPacket(n, 5, 100, 2, commands=(SeatCommands(1, (move,)),)) for n in range(1, 250)
    ]
    happened.append(Moves(249, chart))
    body = told({ANN: 1, BOB: 2}, happened=happened).body
    assert len(body["happened"]) == HAPPENED_MAX
    assert body["happened_left_out"] == 50
    assert body["happened"][0] == {
        "turn": 51,
        "iterations": 5,
        "commands": [{"seat": 1, "commands": [{"name": "move", "body": {"unit": 3}}]}],
        "moved": [],
    }
    moved = {"event": "resume", "exited": ["a"], "entered": ["b"], "because": None}
    assert body["happened"][-1] == {"after": 249, "moved": [moved]}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b'{"x":0.5}', "whole number"),
        (b"[NaN]", "whole number"),
        (b"9007199254740992", "whole number"),
        (b"1" * 100_000, "whole number"),
        (b"[" * 100 + b"]" * 100, "deeper"),
        (b"[" * 200_000, "deeper"),
        (b'"\xff"', "UTF-8"),
    ],
)
def test_a_state_that_is_none_is_told_as_such_and_spoils_nothing(data: bytes, why: str):
    with pytest.raises(ValueError, match=why):
        read_state(data)
    witnesses = [
        Witness(ANN, "ann", 1, 41, {"": 1}, canonical({"x": 1})),
        Witness(BOB, "bob", 2, 41, {"": 2}, data),
    ]
    body = told({}, values={ANN: 1, BOB: 2}, witnesses=witnesses).body
    assert why in body["seats"][1]["said"]["why"]
    assert list(body["states"]) == ["0"]
    assert body["by"] == "parts"


def test_a_state_that_is_not_that_of_its_hashes_is_doubted():
    witnesses = [
        Witness(ANN, "ann", 1, 41, {"": checksum({"x": 1})}, canonical({"x": 1})),
        Witness(BOB, "bob", 2, 41, {"": 5}, canonical({"x": 2})),
    ]
    found = told({}, values={ANN: 1, BOB: 2}, witnesses=witnesses)
    assert list(doubts(found)) == [BOB]
    assert doubts(read(found.dump())) == doubts(found)


def test_without_any_agreement_before_there_is_none_to_name():
    found = verdict(41, {ANN: 1, BOB: 2})
    assert isinstance(found, Diverged)
    assert report(SUBJECT, found, None, [], []).body["agreed"] is None


def test_a_state_may_be_as_deep_as_the_bound_and_no_deeper():
    def nested(levels: int) -> bytes:
        return b"[1," * levels + b"1" + b"]" * levels

    assert canonical(read_state(nested(DEPTH_MAX))) == nested(DEPTH_MAX)
    with pytest.raises(ValueError, match="deeper"):
        read_state(nested(DEPTH_MAX + 1))


def test_hashes_without_a_state_are_not_doubted():
    witnesses = [Witness(ANN, "ann", 1, 41, {"": 5}), Witness(BOB, "bob", 2, 41, {"": 6})]
    assert doubts(told({}, values={ANN: 1, BOB: 2}, witnesses=witnesses)) == {}


def test_one_of_three_differs_in_an_item_of_a_list():
    body = told({ANN: [0, 7], BOB: [0, 8], CID: [0, 7]}).body
    assert body["differences"] == [{"path": "1", "values": {"0": 7, "1": 8, "2": 7}}]
    assert [row["side"] for row in body["seats"]] == ["majority", "minority", "majority"]
    assert (body["differences_left_out"], body["happened_left_out"]) == (0, 0)


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1])
def test_the_largest_numbers_of_a_state_are_read(number: int):
    assert read_state(b"[%d]" % number) == [number]


@pytest.mark.parametrize("data", [b"9007199254740992", b"-9007199254740992"])
def test_a_larger_number_of_a_state_is_refused(data: bytes):
    with pytest.raises(ValueError, match="whole number"):
        read_state(data)


def test_a_state_without_hashes_is_not_doubted():
    witnesses = [
        Witness(ANN, "ann", 1, 41, {}, canonical({"x": 1})),
        Witness(BOB, "bob", 2, 41, {"dice": 5}, canonical({"x": 2})),
    ]
    assert doubts(told({}, values={ANN: 1, BOB: 2}, witnesses=witnesses)) == {}


def test_a_report_says_which_room_and_which_release_it_is_of():
    body = told({ANN: {"x": 1}, BOB: {"x": 2}}).body
    assert (body["desync"], body["release"]) == (FORMATS["desync report"], RELEASE)
    assert body["room"] == {
        "id": "room-1",
        "name": "quick",
        "engine": "ab" * 32,
        "seed": 7,
        "setup": {"map": "plains"},
        "created": 1000,
    }
    assert (body["at"], body["generation"]) == (2000, 41)
    assert body["agreed"] == {"generation": 40, "value": 9}
    assert [row["name"] for row in body["seats"]] == ["ann", "bob"]
    assert [row["said"]["bytes"] for row in body["seats"]] == [len(b'{"x":1}')] * 2


def test_the_states_are_written_once():
    assert told({ANN: {"x": 1}, BOB: {"x": 2}}).dump().count(b'"states":') == 1


def test_a_state_without_a_canonical_form_is_doubted():
    """A lone surrogate is read from its escape, but cannot be hashed."""
    witnesses = [
        Witness(ANN, "ann", 1, 41, {"": checksum({"x": 1})}, canonical({"x": 1})),
        Witness(BOB, "bob", 2, 41, {"": 5}, b'"\\ud800"'),
    ]
    assert list(doubts(told({}, values={ANN: 1, BOB: 2}, witnesses=witnesses))) == [BOB]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not valid JSON"),
        (b"gameroom journal\n", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[1]", "not a desync report"),
        (b'{"room": 1}', "not a desync report"),
        (b'{"desync": 2, "release": "0.3.0"}', r"by gameroom 0\.3\.0 in desync report format 2"),
        (b'{"desync": 1}', "'room' is a required property"),
    ],
)
def test_what_is_no_report_is_refused_with_a_reason(data: bytes, why: str):
    with pytest.raises(BadReportError, match=why):
        read(data)


@given(st.data())
def test_a_damaged_report_is_refused_or_read_and_never_breaks(data: st.DataObject):
    good = json.loads(told({ANN: {"x": [1, 2]}, BOB: {"x": [1, 3]}}).dump())
    place = data.draw(st.sampled_from(leaves(good)))
    place = place[: data.draw(st.integers(1, len(place)))]
    bad = put(good, place, data.draw(STATES))
    try:
        found = read(json.dumps(bad).encode())
    except BadReportError:
        return
    doubts(found)
    found.dump()


def test_the_last_agreement_before_a_generation_is_remembered():
    checksums = Checksums(window=4)
    for generation in (1, 2, 3):
        for seat in (ANN, BOB):
            value = 5 if generation < 3 else seat
            checksums.report(seat, Checksum(generation, value), closed=4)
    while checksums.judge([ANN, BOB], closed=4) is not None:
        pass
    assert checksums.agreed_before(3) == Checksum(2, 5)
    assert checksums.agreed_before(2) == Checksum(1, 5)
    assert checksums.agreed_before(1) is None
