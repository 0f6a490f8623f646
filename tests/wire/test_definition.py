"""What a room publishes of itself can be read back into what a client needs."""

from dataclasses import replace

import msgspec

from gameroom import model
from gameroom.wire import definition, read_definition
from tests.wire.rooms import ROOM


def test_a_client_reads_back_what_it_needs() -> None:
    said = msgspec.json.decode(msgspec.json.encode(definition(ROOM)))
    assert read_definition(said) == replace(ROOM, policies=(), root=model.State(""))


def test_states_are_listed_by_path_in_document_order() -> None:
    keys = ("path", "kind", "doc", "iterates")
    assert [{key: state[key] for key in keys} for state in definition(ROOM)["states"]] == [
        {"path": "running", "kind": "state", "doc": "", "iterates": False},
        {"path": "running.day", "kind": "state", "doc": "Sun.", "iterates": True},
        {"path": "over", "kind": "final", "doc": "", "iterates": False},
    ]


def test_permissions_stand_where_the_room_file_gives_them() -> None:
    leave = model.Permission("allow", ("leave", "chat"), ("anyone",))
    move = model.Permission("deny", ("move",), ("spectator",))
    day = model.State("day", permissions=(move,))
    said = definition(replace(ROOM, root=model.State("", permissions=(leave,), states=(day,))))
    assert said["permissions"] == [
        {"effect": "allow", "names": ["leave", "chat"], "who": ["anyone"]}
    ]
    assert said["states"][0]["permissions"] == [
        {"effect": "deny", "names": ["move"], "who": ["spectator"]}
    ]


def test_policies_say_their_units() -> None:
    assert definition(ROOM)["policies"] == {
        "lag": {
            "pause_after": {"ms": 3000},
            "gather": {"within": {"ms": 250}},
            "turn": {"low": {"turns": 1}, "high": {"turns": 2}},
            "window": {"low": 1, "high": 5},
            "ahead": "auto",
            "tick": {"per_second": 20},
        }
    }


def test_types_say_their_bounds() -> None:
    said = definition(ROOM)
    assert said["commands"][1]["fields"][0]["type"] == {
        "kind": "list",
        "item": {"kind": "int", "low": 0, "high": 9},
        "low": 0,
        "high": 8,
    }
    assert said["settings"][0]["type"] == {"kind": "choice", "choices": ["plains", "islands"]}
    assert said["spectators"] == {"low": 0, "high": 100, "delay_ms": 10_000}
