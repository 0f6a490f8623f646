"""Python gives the answers of tests/vectors; tests/web/vectors.test.js asks JavaScript the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gameroom.lockstep.packets import Command, Welcome
from gameroom.replica import LedgerEngine, Replica
from gameroom.replica.engine import SeatedCommand, Signal
from gameroom.wire import JSON, MSGPACK, Codec, EventFrame, read_definition, read_policies
from gameroom.wire.close import closing
from gameroom.wire.shape import read
from tests.twins.make import SESSIONS, VECTORS, files
from tests.twins.sessions import SCENES, said

NAMES = [scene.__name__ for scene in SCENES]


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_what_stands_in_the_folder_is_what_is_written_anew() -> None:
    """Where this fails after a change of the protocol, `make vectors` writes it anew."""
    found = {path for path in VECTORS.rglob("*.json") if path.name != "kit.json"}
    written = files()
    assert found == set(written)
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_a_code_says_when_to_come_back() -> None:
    for case in load(VECTORS / "close-codes.json"):
        assert closing(case["code"]).again == case["again"], case


def test_a_frame_reads_the_same_in_both_subprotocols() -> None:
    vectors = load(VECTORS / "frames.json")
    room = read_definition(vectors["definition"])
    texts, packed = Codec(JSON, room), Codec(MSGPACK, room)
    for case in vectors["client"]:
        text, data = json.dumps(case["frame"]), bytes.fromhex(case["msgpack"])
        assert packed.decode(data) == texts.decode(text)
    for case in vectors["server"]:
        text, data = json.dumps(case["frame"]), bytes.fromhex(case["msgpack"])
        assert packed.decode_event(data) == texts.decode_event(text)


class Ledger(LedgerEngine):
    """The ledger of a session, which raises the signals that it names."""

    def __init__(self, signals: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__()
        self.signals = signals

    def step(
        self,
        generation: int,
        iterations: int,
        commands: Sequence[SeatedCommand],
        states: Sequence[str],
        seats: Sequence[int],
    ) -> Sequence[Signal]:
        super().step(generation, iterations, commands, states, seats)
        return [Signal(**one) for one in self.signals.get(str(generation), ())]


class Played:
    """A session played again by a replica, from the file alone."""

    def __init__(self, session: dict[str, Any]) -> None:
        said_ = session["definition"]
        room = read_definition(said_)
        self.codec = Codec(JSON, room)
        self.packets: list[list[dict[str, Any]]] = []
        self.checksums: dict[str, int] = {}
        self.replica = Replica(
            room, Ledger(session["signals"]), seed=session["seed"], policy=read_policies(said_)
        )
        self.now = 0
        for step in session["steps"]:
            self._until(step["at"])
            self._take(step)
            self._pump()
        self._until(session["until"])

    def _take(self, step: dict[str, Any]) -> None:
        match step:
            case {"hello": hello}:
                self.packets.append([])
                self.replica.welcome(read(Welcome, hello, strict=False))
            case {"frame": frame, "at": now}:
                told = self.codec.decode_event(json.dumps(frame))
                assert isinstance(told, EventFrame)
                self.replica.feed(told, now)
            case {"command": {"name": name, "body": body, "id": id_}}:
                self.replica.command(Command(name, body), id_)
            case {"lost": _}:
                self.replica.lost()

    def _until(self, end: int) -> None:
        while (due := self.replica.due(self.now)) is not None and due <= end:
            self.now = due
            self._pump()
        self.now = end

    def _pump(self) -> None:
        while self.replica.play(self.now):
            if (checksum := self.replica.checksum) is not None:
                self.checksums[str(checksum.generation)] = checksum.value
        if taken := self.replica.take():
            self.packets[-1] += [said(packet) for packet in taken]


def spoken(
    session: dict[str, Any], connections: Sequence[Sequence[dict[str, Any]]]
) -> list[list[dict[str, Any]]]:
    """What has to be said over each connection, in order (tests/vectors/README.md): of the turns
    that came, what the room had not heard, without packets that only say once more that we are
    here, and without the checksums, which a client may tell with any packet."""
    hellos = [step["hello"] for step in session["steps"] if "hello" in step]
    last = max(int(generation) for generation in session["checksums"])
    found = []
    for hello, packets in zip(hellos, connections, strict=True):
        highest = hello["heard"]
        said_ = []
        for packet in packets:
            is_news = packet["generation"] > highest or bool(packet["commands"])
            if is_news and hello["heard"] < packet["generation"] <= last:
                said_.append({name: packet[name] for name in packet if name != "checksum"})
            highest = max(highest, packet["generation"])
        found.append(said_)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_session_is_played_alike(name: str) -> None:
    session = load(SESSIONS / f"{name}.json")
    played = Played(session)
    assert played.checksums == session["checksums"]
    given = [step["command"]["id"] for step in session["steps"] if "command" in step]
    packets = [packet for some in played.packets for packet in some]
    assert list(dict.fromkeys(id_ for packet in packets for id_ in packet["ids"])) == given
    if session["packets"] is not None:
        assert spoken(session, played.packets) == spoken(session, session["packets"])
    for packet in packets:
        if (checksum := packet["checksum"]) is not None:
            assert session["checksums"][str(checksum["generation"])] == checksum["value"]
