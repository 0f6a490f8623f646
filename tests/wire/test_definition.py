"""What a room publishes of itself can be read back into what a client needs."""

from dataclasses import replace

import msgspec
import pytest

from gameroom import model
from gameroom.model.policies import KEYS, POLICIES, PolicyValue, number
from gameroom.wire import (
    BadFrameError,
    ClientPolicy,
    definition,
    read_definition,
    read_policies,
)
from tests.wire.rooms import ROOM


def test_a_client_reads_back_what_it_needs() -> None:
    said = msgspec.json.decode(msgspec.json.encode(definition(ROOM)))
    assert read_definition(said) == replace(ROOM, policies=(), root=model.State(""))


def test_a_room_that_does_not_speak_of_people_has_up_to_eight_players_and_no_spectators() -> None:
    said = definition(replace(ROOM, players=None, spectators=None))
    assert said["players"] == {"low": 1, "high": 8}
    assert (said["spectators"]["low"], said["spectators"]["high"]) == (0, 0)


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


def test_every_policy_is_published_with_the_number_that_holds() -> None:
    said = definition(ROOM)["policies"]
    assert said["turns"] == {"gather": 250}
    assert said["pace"] == {"tick": 30, "turn": {"low": 50, "high": 200}, "ahead": None}
    assert said["lag"] == {"pause_after": 4_000, "drop_after": _default("lag", "drop_after")}
    assert said["chat"] == {"open": False, "characters": _default("chat", "characters")}
    assert [(name, key) for name, keys in said.items() for key in keys] == [
        (row.policy, row.key) for row in KEYS
    ]


def _default(name: str, key: str) -> PolicyValue:
    return POLICIES[name][key].default


def test_a_client_obeys_what_the_definition_says() -> None:
    assert read_policies(definition(ROOM)) == ClientPolicy(
        commands_per_turn=3,
        packet_bytes=number(ROOM, "limits", "packet_bytes"),
        checksum_every=number(ROOM, "divergence", "checksum_every"),
        snapshots_every=40,
    )


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("limits", "commands_per_turn"),
        ("limits", "packet_bytes"),
        ("divergence", "checksum_every"),
        ("snapshots", "every"),
    ],
)
def test_a_client_has_no_default_of_its_own(name: str, key: str) -> None:
    said = definition(ROOM)
    del said["policies"][name][key]
    with pytest.raises(BadFrameError, match=rf"`{key}`.*\$\.policies\.{name}"):
        read_policies(said)


def test_checksums_are_never_0_turns_apart() -> None:
    said = definition(ROOM)
    said["policies"]["divergence"]["checksum_every"] = 0
    with pytest.raises(BadFrameError, match=r"\$\.policies\.divergence\.checksum_every"):
        read_policies(said)


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
